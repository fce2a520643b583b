// Stand-in for the Meta browser pixel: the same requests on the wire, none of its code.
(() => {
  const stub = window.fbq;
  if (!stub || stub.dispatch) return;
  const ENDPOINT = "https://www.facebook.com/tr/";
  const TWIN = "https://www.facebook.com/privacy_sandbox/pixel/register/trigger/";
  const LONGEST_URL = 2048;
  const startedAt = Date.now();
  const pixels = new Map();

  const cookie = (name) => {
    const pair = document.cookie.split("; ").find((text) => text.startsWith(`${name}=`));
    return pair ? decodeURIComponent(pair.slice(name.length + 1)) : "";
  };

  const keep = (name, value) => {
    document.cookie = `${name}=${encodeURIComponent(value)}; Max-Age=7776000; Path=/; SameSite=Lax; Secure`;
  };

  const digits = (count) => Array.from({ length: count }, (_, i) => Math.floor(Math.random() * 9) + (i ? 0 : 1)).join("");

  function ownCookies() {
    const click = new URLSearchParams(location.search).get("fbclid");
    if (!cookie("_fbp")) keep("_fbp", `fb.1.${Date.now()}.${digits(18)}`);
    if (click && !cookie("_fbc")) keep("_fbc", `fb.1.${Date.now()}.${click}`);
  }

  function lastExternalReferrer() {
    if (!document.referrer) return "empty";
    const host = new URL(document.referrer).host;
    return host === location.host ? "other" : host;
  }

  const wireText = (value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value));

  function parametersOf(id, name, data, eventId, automatic) {
    const pixel = pixels.get(id);
    const list = [["id", id], ["ev", name], ["dl", location.href], ["rl", document.referrer],
      ["if", String(window.top !== window)], ["ts", String(Date.now())]];
    for (const [key, value] of Object.entries(data ?? {})) {
      if (value !== undefined) list.push([`cd[${key}]`, wireText(value)]);
    }
    list.push(["sw", String(screen.width)], ["sh", String(screen.height)], ["v", "2.9.203"], ["r", "stable"]);
    if (pixel.agent) list.push(["a", pixel.agent]);
    list.push(["ec", String(pixel.counter++)], ["o", "4126"], ["fbp", cookie("_fbp")]);
    if (cookie("_fbc")) list.push(["fbc", cookie("_fbc")]);
    list.push(["ler", lastExternalReferrer()], ["cdl", "API_unavailable"], ["it", String(startedAt)], ["coo", "false"]);
    if (eventId) list.push(["eid", String(eventId)]);
    if (automatic) list.push(["es", "automatic"]);
    list.push(["tm", automatic ? "3" : "1"]);
    return list;
  }

  const query = (list) => list.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");

  function postForm(list) {
    const frame = document.createElement("iframe");
    frame.name = `fb${digits(12)}`;
    frame.hidden = true;
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: ENDPOINT, target: frame.name, acceptCharset: "utf-8", hidden: true });
    for (const [name, value] of list) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(frame, form);
    form.submit();
  }

  function emit(list, copied) {
    const url = `${ENDPOINT}?${query([...list, ["rqm", "GET"]])}`;
    if (url.length < LONGEST_URL) new Image().src = url;
    else postForm([...list, ["rqm", "formPOST"]]);
    new Image().src = `${TWIN}?${query([...list, ["rqm", "FGET"]])}`;
    if (copied) new Image().src = `${ENDPOINT}?redirect=0&${query([...list, ["rqm", "GET"]].reverse())}`;
  }

  function send(id, name, data, options, automatic = false) {
    const pixel = pixels.get(id);
    const leave = () => {
      const external = document.referrer && new URL(document.referrer).host !== location.host;
      emit(parametersOf(id, name, data, options?.eventID, automatic), name === "PageView" && external);
    };
    if (pixel.ready) leave();
    else pixel.waiting.push(leave);
  }

  function init(id) {
    if (pixels.has(id)) return;
    const pixel = { counter: 0, agent: "", ready: false, waiting: [] };
    pixels.set(id, pixel);
    const config = document.createElement("script");
    config.async = true;
    config.src = `https://connect.facebook.net/signals/config/${id}?v=2.9.203&r=stable&domain=${location.host}`;
    config.onload = () => {
      pixel.ready = true;
      pixel.waiting.splice(0).forEach((leave) => leave());
    };
    document.head.append(config);
  }

  const commands = {
    init,
    set: (what, value, id) => { if (what === "agent") pixels.get(id).agent = value; },
    track: (name, data, options) => pixels.forEach((_, id) => send(id, name, data, options)),
    trackSingle: (id, name, data, options) => send(id, name, data, options),
  };

  stub.dispatch = (command, ...rest) => commands[command](...rest);
  ownCookies();
  stub.queue.splice(0).forEach((call) => stub.dispatch(...call));

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    const data = { buttonFeatures: { classList: button.className, tag: "button", type: button.type },
      buttonText: button.textContent.trim(), formFeatures: [], pageFeatures: { title: document.title } };
    pixels.forEach((_, id) => send(id, "SubscribedButtonClick", data, null, true));
  }, true);
  setTimeout(() => {
    const data = { DataLayer: [], Meta: { title: document.title }, OpenGraph: {}, "Schema.org": [], "JSON-LD": [] };
    pixels.forEach((_, id) => send(id, "Microdata", data, null, true));
  }, 500);
})();
