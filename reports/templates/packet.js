"use strict";
// Everything readable is in the page already; this only filters, opens, copies and prints.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const said = document.getElementById("said");
  let hush = 0;
  const say = (text) => {
    said.textContent = text;
    clearTimeout(hush);
    hush = setTimeout(() => { said.textContent = ""; }, 2500);
  };

  // ---- copying
  const texts = JSON.parse(document.getElementById("texts").textContent);
  const copy = (text, done) => {
    const fallback = () => {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const copied = document.execCommand("copy");
      area.remove();
      say(copied ? done : "Copying is not allowed here");
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => say(done), fallback);
    else fallback();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { link, copy: wanted, take, print: mode } = button.dataset;
    if (link) copy(location.href.split("#")[0] + "#" + link, "Link copied");
    else if (wanted) copy(texts[wanted], "Copied as text");
    else if (take) copy(document.getElementById(take).textContent, "Register copied");
    else if (mode) printed(mode);
  });

  // ---- printing: what is folded must stand on paper too
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
    root.classList.remove("summary");
  });
  const printed = (mode) => {
    root.classList.toggle("summary", mode === "summary");
    print();
  };

  // ---- filters; their state is the part of the address after #findings
  const form = document.querySelector(".filters");
  const problems = [...document.querySelectorAll(".problem")];
  const keys = form ? [...form.elements].filter((field) => field.name).map((field) => field.name) : [];
  const state = () => Object.fromEntries(keys.map((key) => [key, form.elements[key].value]).filter(([, value]) => value));
  const apply = () => {
    const wanted = Object.entries(state());
    let shown = 0;
    let all = 0;
    const fits = (row, heading) => wanted.every(([key, value]) => key === "search"
      ? (row.textContent + heading).toLowerCase().includes(value.toLowerCase())
      : row.dataset[key] === value);
    for (const problem of problems) {
      const heading = problem.querySelector("header").textContent;
      let any = false;
      for (const part of [problem, ...problem.querySelectorAll(".follows")]) {
        let here = false;
        for (const row of part.querySelectorAll(".finding")) {
          if (row.closest(".follows, .problem") !== part) continue;
          const fit = fits(row, heading);
          row.hidden = !fit;
          all += 1;
          if (fit) { shown += 1; here = true; }
        }
        if (part !== problem) part.hidden = !here;
        any = any || here;
      }
      problem.hidden = wanted.length > 0 && !any;
    }
    form.querySelector(".shown").textContent = wanted.length ? `${shown} of ${all} rows shown.` : "";
  };
  const remember = () => {
    const query = new URLSearchParams(state()).toString();
    history.replaceState(null, "", query ? "#findings&" + query : "#findings");
  };
  const follow = () => {
    const hash = decodeURI(location.hash.slice(1));
    if (hash === "findings" || hash.startsWith("findings&")) {
      if (!form) return;
      const query = new URLSearchParams(location.hash.slice(1).slice("findings".length).replace(/^&/, ""));
      for (const key of keys) form.elements[key].value = query.get(key) || "";
      apply();
      if (query.size) document.getElementById("findings").scrollIntoView();
      return;
    }
    const target = hash && document.getElementById(hash);
    if (!target) return;
    if (target.closest(".problem[hidden], .finding[hidden], .follows[hidden]")) {
      form.reset();
      apply();
      say("Filters cleared to show the linked finding");
    }
    for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
    target.scrollIntoView();
  };
  if (form) {
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => { apply(); remember(); });
    form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); }));
  }
  addEventListener("hashchange", follow);
  follow();
})();
