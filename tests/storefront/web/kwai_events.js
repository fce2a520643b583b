// Stand-in for the SnackVideo browser pixel. Its real beacon is not documented, so nothing recognisable leaves the
// page: a helper extension (pixelHelper) writes down each call instead.
(() => {
  const stub = window.kwaiq;
  if (!stub || stub.dispatch) return;

  function cookies() {
    const wanted = ["_fbp", "_fbc", "_ttp", "_ttclid", "_kwai_click_id"];
    const pairs = document.cookie.split("; ").map((text) => text.split("=", 2));
    return Object.fromEntries(pairs.filter(([name]) => wanted.includes(name))
      .map(([name, value]) => [name, decodeURIComponent(value)]));
  }

  function note(pixel, event, params) {
    window.pixelHelper?.({
      ts: new Date().toISOString(), platform: "snackvideo", pixel_id: pixel, event, event_id: null,
      params: JSON.parse(JSON.stringify(params ?? {})), page_url: location.href, referrer: document.referrer, cookies: cookies(),
    });
  }

  const loaded = [];
  const commands = {
    load: (pixel) => loaded.push(pixel),
    page: () => loaded.forEach((pixel) => note(pixel, "pageview")),
    track: (pixel, event, params) => note(pixel, event, params),
  };
  stub.dispatch = (command, ...rest) => commands[command](...rest);
  stub.queue.splice(0).forEach((call) => stub.dispatch(...call));
})();
