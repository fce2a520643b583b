// The test shop on a Scalev store: its pages, cart and checkout, and the conversion events they send.
const STORE = "https://api.scalev.com/v3/stores/store_h4TqLm29XbRw";
const RELAY = `${STORE}/public/analytics`;
const STORE_KEY = "sfpk_sample_kd82mfQ0";
const META_PIXELS = ["4907283615028341"];
const TIKTOK_PIXELS = ["CT7K2M3C77U9QF4RBEV0"];
const SNACKVIDEO_PIXELS = ["587210394412663027"];
const NAMES = {
  view: { meta: "ViewContent", tiktok: "ViewContent", snackvideo: "contentView" },
  cart: { meta: "AddToCart", tiktok: "AddToCart", snackvideo: "addToCart" },
  checkout: { meta: "InitiateCheckout", tiktok: "InitiateCheckout", snackvideo: "initiatedCheckout" },
  purchase: { meta: "Purchase", tiktok: "CompletePayment", snackvideo: "purchase" },
};

// --- who is visiting -------------------------------------------------------------------------------------------

function readCookie(name) {
  const pair = document.cookie.split("; ").find((text) => text.startsWith(`${name}=`));
  return pair ? decodeURIComponent(pair.slice(name.length + 1)) : undefined;
}

function writeCookie(name, value, days, path) {
  document.cookie = `${name}=${encodeURIComponent(value)}; Max-Age=${days * 86400}; Path=${path}; SameSite=Lax; Secure`;
}

function rememberClick(name, value, days) {
  if (value) writeCookie(name, value, days, "/");
}

function captureLanding() {
  const query = new URLSearchParams(location.search);
  const fbclid = query.get("fbclid");
  if (fbclid) rememberClick("_fbc", `fb.1.${Date.now()}.${fbclid}`, 90);
  rememberClick("_ttclid", query.get("ttclid"), 7);
  rememberClick("_kwai_click_id", query.get("click_id"), 7);
  const random = crypto.getRandomValues(new BigUint64Array(1))[0] % 900000000000000000n + 100000000000000000n;
  if (!readCookie("_fbp")) writeCookie("_fbp", `fb.1.${Date.now()}.${random}`, 90, "/");
}

function visitor() {
  return {
    fbc: readCookie("_fbc"),
    fbp: readCookie("_fbp"),
    ttclid: readCookie("_ttclid"),
    ttp: readCookie("_ttp"),
    clickId: readCookie("_kwai_click_id"),
  };
}

// --- the shop's API --------------------------------------------------------------------------------------------

function guestToken() {
  const token = sessionStorage.getItem("guest") ?? crypto.randomUUID();
  sessionStorage.setItem("guest", token);
  return token;
}

async function api(method, path, body) {
  const response = await fetch(STORE + path, {
    method,
    credentials: "omit",
    headers: { "Content-Type": "application/json", "X-Scalev-Storefront-Api-Key": STORE_KEY,
      "X-Scalev-Guest-Token": guestToken() },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return (await response.json()).data;
}

function pageOfEvent() {
  return {
    event_source_url: location.href,
    referrer_url: document.referrer || undefined,
  };
}

async function relay(platform, payload) {
  await fetch(`${RELAY}/${platform}/events`, {
    method: "POST",
    credentials: "omit",
    keepalive: true,
    headers: { Accept: "application/json", "Content-Type": "application/json", "X-Scalev-Storefront-Api-Key": STORE_KEY },
    body: JSON.stringify({ ...pageOfEvent(), ...payload }),
  });
}

// --- pixels ----------------------------------------------------------------------------------------------------

function stub(name) {
  const call = (...args) => (call.dispatch ? call.dispatch(...args) : call.queue.push(args));
  call.queue = [];
  window[name] = call;
}

function loadScript(src) {
  document.head.append(Object.assign(document.createElement("script"), { src, async: true }));
}

function startPixels() {
  ["fbq", "ttq", "kwaiq"].forEach(stub);
  META_PIXELS.forEach((pixel) => fbq("init", pixel));
  fbq("track", "PageView");
  ttq("page");
  SNACKVIDEO_PIXELS.forEach((pixel) => kwaiq("load", pixel));
  kwaiq("page");
  loadScript("https://connect.facebook.net/en_US/fbevents.js");
  TIKTOK_PIXELS.forEach((code) => loadScript(`https://analytics.tiktok.com/i18n/pixel/events.js?sdkid=${code}&lib=ttq`));
  loadScript(`https://s21-def.ap4r.com/kos/s101/nlav112572/pixel/events.js?sdkid=${SNACKVIDEO_PIXELS[0]}&lib=kwaiq`);
}

// --- what an event says ----------------------------------------------------------------------------------------

const newEventId = (prefix) => `${prefix}_${crypto.randomUUID()}`;
const orderEventId = (order, name) => `${order.order_id}-${name}-FORM`;
const orderValue = (order) => Math.round(Number(order.gross_revenue));
const itemsValue = (items) => items.reduce((sum, item) => sum + item.price * item.quantity, 0);
const itemCount = (items) => items.reduce((sum, item) => sum + item.quantity, 0);

function relayItems(items) {
  const variants = items.filter((item) => item.kind === "variant")
    .map((item) => ({ variant_unique_id: item.unique_id, quantity: item.quantity }));
  const bundles = items.filter((item) => item.kind === "bundle")
    .map((item) => ({ bundle_price_option_unique_id: item.unique_id, quantity: item.quantity }));
  return { variants: variants.length ? variants : undefined, bundle_price_options: bundles.length ? bundles : undefined };
}

function metaParameters({ items, value }) {
  return {
    content_ids: items.map((item) => item.unique_id),
    content_type: "product",
    contents: items.map((item) => ({ id: item.unique_id, quantity: item.quantity, item_price: item.price })),
    content_name: items.map((item) => item.name).join(", "),
    content_category: items[0].category,
    description: items.map((item) => item.description).join(" "),
    value,
    currency: "IDR",
    num_items: itemCount(items),
  };
}

function tiktokParameters({ items, value }) {
  return {
    content_id: items[0].unique_id,
    content_type: "product",
    contents: items.map((item) => ({ content_id: item.unique_id, content_name: item.name, quantity: item.quantity, price: item.price })),
    value,
    currency: "IDR",
  };
}

function snackvideoProperties({ items, value, order }) {
  return {
    content_type: "product",
    content_category: items[0].category,
    content_name: items.map((item) => item.name).join(", "),
    content_ids: items.map((item) => item.unique_id),
    currency: "IDR",
    value,
    quantity: itemCount(items),
    price: items[0].price,
    order_id: order?.order_id,
  };
}

// --- sending: each event once from the browser and once through the relay ---------------------------------------

async function sendMeta(name, eventId, moment) {
  const parameters = metaParameters(moment);
  const { fbc, fbp } = visitor();
  fbq("track", name, parameters, { eventID: eventId });
  await relay("meta", {
    user_data: {
      country: "id",
      fbc,
      fbp,
      ...moment.buyer?.meta,
    },
    events: [{ event_id: eventId, event_name: name, parameters }],
    ...relayItems(moment.items),
  });
}

async function sendTiktok(name, eventId, moment) {
  const parameters = tiktokParameters(moment);
  const { ttclid, ttp } = visitor();
  ttq("track", name, parameters, { event_id: eventId });
  await relay("tiktok", {
    user: {
      ttclid,
      ttp,
      ...moment.buyer?.tiktok,
    },
    events: [{ event_id: eventId, event: name, parameters }],
    ...relayItems(moment.items),
  });
}

async function sendSnackvideo(name, moment) {
  const properties = snackvideoProperties(moment);
  const clickId = visitor().clickId;
  SNACKVIDEO_PIXELS.forEach((pixel) => kwaiq("track", pixel, name, properties));
  if (!clickId) return;
  await relay("snackvideo", {
    click_id: clickId,
    events: [{ event_name: name, properties }],
    ...relayItems(moment.items),
  });
}

async function track(step, moment) {
  const names = NAMES[step];
  const shared = newEventId({ view: "view_content", cart: "add_to_cart", checkout: "initiate_checkout" }[step] ?? "evt");
  const idOf = (name) => (moment.order ? orderEventId(moment.order, name) : shared);
  window.dataLayer.push({ event: step, order_id: moment.order?.order_id, commerce: metaParameters(moment) });
  await Promise.allSettled([
    sendMeta(names.meta, idOf(names.meta), moment),
    sendTiktok(names.tiktok, idOf(names.tiktok), moment),
    sendSnackvideo(names.snackvideo, moment),
  ]);
  document.body.dataset.sent += ` ${step}`;
}

function buyerKeys(buyer, order) {
  const [fn, ...rest] = buyer.name.split(" ");
  const external_id = String(order.customer_id);
  return {
    meta: { em: buyer.email, ph: buyer.phone, fn, ln: rest.join(" "), ct: buyer.city, st: buyer.province, external_id },
    tiktok: { email: buyer.email, phone: buyer.phone, external_id },
  };
}

async function trackPurchase(order, items, buyer) {
  if (order.is_probably_spam) return;
  await track("purchase", { order, items, value: orderValue(order), buyer: buyerKeys(buyer, order) });
}

// --- pages -----------------------------------------------------------------------------------------------------

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function productPage() {
  const item = await api("GET", `/public/items/${document.body.dataset.item}`);
  document.querySelector("#price").textContent = `Rp${item.price.toLocaleString("id-ID")}`;
  document.querySelector("#add").addEventListener("click", () => addToCart(item));
  await track("view", { items: [{ ...item, quantity: 1 }], value: item.price });
}

async function addToCart(item) {
  const quantity = Number(document.querySelector("#quantity").value);
  const line = await api("POST", "/public/cart/items", { [`${item.kind}_id`]: item.id, quantity });
  await track("cart", { items: [line], value: itemsValue([line]) });
}

async function checkoutPage() {
  const cart = await api("GET", "/public/cart");
  document.querySelector("#checkout").addEventListener("submit", (event) => {
    event.preventDefault();
    buy(cart, Object.fromEntries(new FormData(event.target)));
  });
  await track("checkout", { items: cart.items, value: itemsValue(cart.items) });
}

async function buy(cart, buyer) {
  const order = await api("POST", "/public/checkout", buyer);
  sessionStorage.setItem("last", JSON.stringify({ order, items: cart.items, buyer }));
  await trackPurchase(order, cart.items, buyer);
  await pause(300);
  location.assign(`/thank-you/${order.secret_slug}`);
}

async function thankYouPage() {
  const { order, items, buyer } = JSON.parse(sessionStorage.getItem("last"));
  document.querySelector("#total").textContent = `Rp${orderValue(order).toLocaleString("id-ID")}`;
}

async function paymentPage() {
  const { order, items, buyer } = JSON.parse(sessionStorage.getItem("last"));
  document.querySelector("#total").textContent = `Rp${orderValue(order).toLocaleString("id-ID")}`;
}

const PAGES = { product: productPage, checkout: checkoutPage, "thank-you": thankYouPage, payment: paymentPage };

window.dataLayer = window.dataLayer ?? [];
document.body.dataset.sent = "";
captureLanding();
startPixels();
loadScript("https://www.googletagmanager.com/gtm.js?id=GTM-K7Q4ZX2");
PAGES[document.body.dataset.page]?.();
