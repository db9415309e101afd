// Keeps a public page current: looks again every 30 seconds, says how long until the next update, and puts the
// COPY line up when the last look is more than 90 seconds old. The page is complete without it.
(() => {
  "use strict";
  const every = 30000, tooOld = 90000;
  let etag = null, looked = Date.now(), skew = 0;
  const copy = () => {
    const line = document.querySelector("[data-copy]");
    if (line && Date.now() - looked > tooOld) line.hidden = false;
  };
  const until = () => {
    for (const place of document.querySelectorAll("[data-until]")) {
      const minutes = Math.ceil((Number(place.dataset.until) * 1000 - (Date.now() + skew)) / 60000);
      place.textContent = minutes > 0 ? "in " + minutes + " min" : "due now";
    }
  };
  const print = () => {
    for (const link of document.querySelectorAll("[data-print]")) {
      link.hidden = false;
      link.onclick = (event) => { event.preventDefault(); window.print(); };
    }
  };
  const look = async () => {
    try {
      const headers = { Accept: "text/html" };
      if (etag) headers["If-None-Match"] = etag;
      const answer = await fetch(location.pathname, { headers, cache: "no-store" });
      if (answer.status !== 200 && answer.status !== 304) throw new Error(answer.status);
      const date = Date.parse(answer.headers.get("Date"));
      if (date) skew = date - Date.now();
      if (answer.status === 200) {
        etag = answer.headers.get("ETag");
        const typed = document.querySelector("#code");
        const next = new DOMParser().parseFromString(await answer.text(), "text/html");
        const value = typed ? typed.value : "", focused = document.activeElement === typed;
        document.body.replaceChildren(...next.body.children);
        const box = document.querySelector("#code");
        if (box) { box.value = value; if (focused) box.focus(); }
        print();
      }
      looked = Date.now();
    } catch (error) {
      copy();
    }
    until();
  };
  print();
  until();
  setInterval(look, every);
  setInterval(() => { copy(); until(); }, 5000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { copy(); look(); } });
})();
