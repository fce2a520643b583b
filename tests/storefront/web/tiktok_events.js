// Stand-in for the TikTok browser pixel: the same requests on the wire, none of its code.
(() => {
  const code = new URL(document.currentScript.src).searchParams.get("sdkid");
  const stub = window.ttq;
  stub.codes = [...new Set([...(stub.codes ?? []), code])];
  if (stub.dispatch) return;
  const HOST = "https://analytics.tiktok.com";
  const ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const session = crypto.randomUUID();
  const pageview = crypto.randomUUID();
  let actions = 0;

  const pick = (alphabet, count) => Array.from({ length: count }, () => alphabet[Math.floor(Math.random() * alphabet.length)]).join("");

  function anonymousId() {
    const known = document.cookie.split("; ").find((text) => text.startsWith("_ttp="))?.slice(5);
    if (known) return known;
    const fresh = `01${pick(ULID, 24)}_.tt.1`;
    document.cookie = `_ttp=${fresh}; Max-Age=33696000; Path=/; SameSite=Lax; Secure`;
    return fresh;
  }

  function clickOfVisit() {
    const landed = new URLSearchParams(location.search).get("ttclid");
    if (landed) sessionStorage.setItem("tt_click", landed);
    return sessionStorage.getItem("tt_click") ?? undefined;
  }

  function context(extra) {
    return {
      ad: { sdk_env: "external", jsb_status: 2, callback: clickOfVisit() },
      device: { platform: "android" },
      user: { anonymous_id: anonymousId() },
      page: { url: location.href, referrer: document.referrer, load_progress: "2" },
      library: { name: "pixel.js", version: "2.2.0" },
      session_id: `${session}::${pick(ULID, 16)}`,
      pageview_id: `${pageview}-${extra.pixel.code}`,
      variation_id: "test_1_single_track",
      userAgent: navigator.userAgent,
      ...extra,
    };
  }

  const missing = { label: "missing" };
  const labels = { raw_email: missing, raw_auto_email: missing, raw_phone: missing, raw_auto_phone: missing,
    hashed_email: missing, hashed_phone: missing };

  const post = (path, body) => fetch(HOST + path, {
    method: "POST", mode: "no-cors", keepalive: true, credentials: "include",
    headers: { "Content-Type": "text/plain;charset=UTF-8" }, body: JSON.stringify(body),
  }).catch(() => undefined);

  const messageId = (suffix) => `messageId-${Date.now()}-${pick("0123456789", 13)}${suffix}`;

  function send(event, properties, options) {
    for (const pixel of stub.codes) {
      post("/api/v2/pixel", {
        event, event_id: options?.event_id ?? "", message_id: messageId(`-${pixel}`), is_onsite: false,
        timestamp: new Date().toISOString(), context: context({ pixel: { code: pixel, runtime: "1" } }),
        _inspection: {}, properties: properties ?? {}, signal_diagnostic_labels: labels,
      });
    }
  }

  function act(action, collected) {
    const pixel = { code: stub.codes[0], runtime: "1", codes: stub.codes.join("|") };
    post("/api/v2/pixel/act", {
      event_id: "", message_id: messageId(""), is_onsite: false, timestamp: new Date().toISOString(),
      context: context({ pixel, index: actions++ }), _inspection: {}, properties: {},
      signal_diagnostic_labels: labels, action, auto_collected_properties: collected,
    });
  }

  const commands = { page: () => send("Pageview"), track: send };
  stub.dispatch = (command, ...rest) => commands[command](...rest);
  anonymousId();
  clickOfVisit();
  stub.queue.splice(0).forEach((call) => stub.dispatch(...call));

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (button) act("Click", { trigger_element: { element: "BUTTON", inner_text: button.textContent.trim() } });
  }, true);
  setTimeout(() => {
    const content = { open_graph: "{}", microdata: "[]", json_ld: "[]", meta: JSON.stringify({ title: document.title }) };
    act("Metadata", { page_trigger: "PageView", content_data: content });
  }, 400);
})();
