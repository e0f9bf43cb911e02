/* Frontdesk's chat. One file, no dependencies, one tag:
 *   <script src="https://your.server/widget.js" data-inbox="web" data-name="Your shop" defer></script>
 * With data-mount="#element" it fills that element instead of floating in the corner; data-locale="de" or "auto" chooses
 * its language, and data-strings='{"ask": "…"}' or window.frontdeskStrings replaces any of its words.
 * With data-identity="TOKEN" your own server says who the visitor is; frontdesk.identify(TOKEN) says it later or anew,
 * frontdesk.identify(null) when they sign out. A "frontdesk:identity" event tells the page that a token was refused.
 * Everything a customer or a server sends becomes text nodes, never markup.
 */
(() => {
"use strict";

const script = document.currentScript;

/* Filled in by the server from words/*.json: the names once, then a list for each language. */
const LANGUAGES = {"names":[]};
const WORDS = {};
let locale = "en";

/* The first language asked for that there are words in, regions aside; the page's own words win. */
function speak(wanted, own) {
  locale = wanted.find((each) => each && LANGUAGES[each.slice(0, 2).toLowerCase()]) || "en";
  const list = LANGUAGES[locale.slice(0, 2).toLowerCase()];
  LANGUAGES.names.forEach((name, n) => (WORDS[name] = list[n]));
  for (const [name, words] of Object.entries(own)) if (name in WORDS) WORDS[name] = String(words);
}

const fill = (words, values) => words.replace(/\{(\w+)\}/g, (all, key) => (key in values ? values[key] : all));
