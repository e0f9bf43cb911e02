"""How people and systems reach it: adapters, HTTP, websocket, web pages, the command line."""
