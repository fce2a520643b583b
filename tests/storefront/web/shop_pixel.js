// The pixel script of the Shopify test shop: Meta and TikTok events of every page.
const META_PIXEL = "4907283615028341";
const TIKTOK_PIXEL = "CT7K2M3C77U9QF4RBEV0";
const CURRENCY = "USD";

function readCookie(name) {
  const pair = document.cookie.split("; ").find((text) => text.startsWith(`${name}=`));
  return pair ? decodeURIComponent(pair.slice(name.length + 1)) : undefined;
}

function captureLanding() {
  const ttclid = new URLSearchParams(location.search).get("ttclid");
  if (ttclid) document.cookie = `_ttclid=${encodeURIComponent(ttclid)}; Max-Age=604800; Path=/; SameSite=Lax; Secure`;
}

async function call(path, body) {
  const response = await fetch(path, {
    method: body ? "POST" : "GET",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

function stub(name) {
  const queued = (...args) => (queued.dispatch ? queued.dispatch(...args) : queued.queue.push(args));
  queued.queue = [];
  window[name] = queued;
}

function loadScript(src) {
  document.head.append(Object.assign(document.createElement("script"), { src, async: true }));
}

function startPixels() {
  ["fbq", "ttq"].forEach(stub);
  fbq("init", META_PIXEL);
  fbq("track", "PageView");
  ttq("page");
  loadScript("https://connect.facebook.net/en_US/fbevents.js");
  loadScript(`https://analytics.tiktok.com/i18n/pixel/events.js?sdkid=${TIKTOK_PIXEL}&lib=ttq`);
}

// Shopify's cart speaks in cents.
const dollars = (cents) => Number((cents / 100).toFixed(2));
const linesValue = (lines) => dollars(lines.reduce((sum, line) => sum + line.price * line.quantity, 0));
const newEventId = () => crypto.randomUUID();
const orderEventId = (order, name) => `${order.name.replace("#", "")}-${name}-WEB`;
const orderValue = (order) => Number(order.total_price);

function metaParameters(lines, value, order) {
  return {
    content_ids: lines.map((line) => line.sku),
    content_type: "product",
    contents: lines.map((line) => ({ id: line.sku, quantity: line.quantity, item_price: dollars(line.price) })),
    value,
    currency: CURRENCY,
    order_id: order?.name.replace("#", ""),
  };
}

function tiktokParameters(lines, value, order) {
  return {
    content_type: "product",
    contents: lines.map((line) => ({ content_id: line.sku, content_name: line.title, quantity: line.quantity, price: dollars(line.price) })),
    value,
    currency: CURRENCY,
    order_id: order?.name.replace("#", ""),
  };
}

function track(step, names, lines, value, order) {
  const shared = newEventId();
  const idOf = (name) => (order ? orderEventId(order, name) : shared);
  fbq("track", names.meta, metaParameters(lines, value, order), { eventID: idOf(names.meta) });
  ttq("track", names.tiktok, tiktokParameters(lines, value, order), { event_id: idOf(names.tiktok) });
  document.body.dataset.sent += ` ${step}`;
}

const both = (name) => ({ meta: name, tiktok: name });

async function productPage() {
  const product = await call(`/products/${document.body.dataset.item}.js`);
  const line = { ...product.variants[0], title: product.title, quantity: 1 };
  document.querySelector("#add").addEventListener("click", () => addToCart(line.id));
  track("view", both("ViewContent"), [line], linesValue([line]));
}

async function addToCart(id) {
  const quantity = Number(document.querySelector("#quantity").value);
  const { items } = await call("/cart/add.js", { items: [{ id, quantity }] });
  track("cart", both("AddToCart"), items, linesValue(items));
}

async function cartPage() {
  const attributes = { _fbp: readCookie("_fbp"), _fbc: readCookie("_fbc"), _ttp: readCookie("_ttp"), _ttclid: readCookie("_ttclid") };
  await call("/cart/update.js", { attributes });
  document.body.dataset.sent += " attributes";
}

async function checkoutPage() {
  const cart = await call("/cart.js");
  document.querySelector("#checkout").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { next } = await call(`${location.pathname}/complete`, Object.fromEntries(new FormData(event.target)));
    location.assign(next);
  });
  track("checkout", both("InitiateCheckout"), cart.items, linesValue(cart.items));
}

function thankYouPage() {
  const order = JSON.parse(document.querySelector("#order").textContent);
  document.querySelector("#total").textContent = `$${order.total_price}`;
  track("purchase", { meta: "Purchase", tiktok: "CompletePayment" }, order.line_items, orderValue(order), order);
}

const PAGES = { product: productPage, cart: cartPage, checkout: checkoutPage, "thank-you": thankYouPage };

document.body.dataset.sent = "";
captureLanding();
startPixels();
PAGES[document.body.dataset.page]?.();
