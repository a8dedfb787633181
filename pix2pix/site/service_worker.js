// Keeps one version of the site in the browser, whole, so that the next visit needs no network. A newer version is
// fetched beside it, and takes its place when all of it is there.

const VERSION = "%version%"; // also the folder of its files
const CORE = "%core%".split(" "); // what the first live picture needs; the rest is kept when it is first asked for
const PREFIX = `pix2pix ${registration.scope} `; // other sites of the same host have caches of their own
const NAME = PREFIX + VERSION;

addEventListener("install", (event) => event.waitUntil(fill().then(() => skipWaiting())));

addEventListener("activate", (event) => event.waitUntil(clear().then(() => clients.claim())));

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && request.url.startsWith(registration.scope)) event.respondWith(answer(request));
});

async function fill() {
  const cache = await caches.open(NAME);
  for (const path of CORE) {
    // Files of a version never change, so what the page has kept or just fetched will do; the others may be old.
    const [url, isOurs] = [new URL(path, registration.scope), path.startsWith(VERSION)];
    if (!isOurs || !(await cache.match(url))) await cache.add(new Request(url, { cache: isOurs ? "force-cache" : "reload" }));
  }
  const page = await (await cache.match(new URL("./", registration.scope))).text();
  if (!page.includes(VERSION)) throw new Error("the page is of another version: it is being replaced right now");
}

async function clear() {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
}

async function answer(request) {
  const cache = await caches.open(NAME);
  const page = new URL("./", registration.scope);
  const isPage = request.mode === "navigate" && [page.pathname, `${page.pathname}index.html`].includes(new URL(request.url).pathname);
  const kept = await cache.match(isPage ? page : request);
  if (kept && request.cache !== "reload") return kept;
  const response = await fetch(request);
  if (response.status === 200 && request.url.startsWith(new URL(`${VERSION}/`, registration.scope).href)) await cache.put(request, response.clone());
  return response;
}
