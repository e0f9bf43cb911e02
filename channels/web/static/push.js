/* Tells a customer who closed the chat that there is an answer. A service worker: it serves the site it is loaded from.
 * On a site of your own, a file of yours with one line is enough: importScripts("https://your.server/push.js");
 */
"use strict";

const page = () => {
  const asked = new URL(new URL(self.location).searchParams.get("page") || "./", self.registration.scope);
  return asked.origin === self.location.origin ? asked.href : self.registration.scope;
};
const pages = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });

async function told(data) {
  let said = {};
  try {
    said = data.json();
  } catch { /* a notification without words is still news */ }
  if ((await pages()).some((each) => each.visibilityState === "visible" && each.url.split("#")[0] === page())) return;
  await self.registration.showNotification(String(said.title || "Chat"), {
    body: String(said.body || ""), tag: String(said.tag || "frontdesk"), renotify: true });
}

async function open() {
  const there = (await pages()).find((each) => each.url.split("#")[0] === page());
  return there ? there.focus() : self.clients.openWindow(page());
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(told(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});
