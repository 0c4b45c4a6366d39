// The list of requests by keyboard and pointer: filtering by a cell, and the summary of a request beside the list. Without it
// a request's page has both.
"use strict";
(() => {
  const $ = (selector, within) => (within || document).querySelector(selector);
  const $$ = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const on = (name, handler) => document.addEventListener(name, handler);
  const panel = document.getElementById("peek");
  const rows = () => $$('#log-rows > tr[id^="log-"]');
  const linkOf = (row) => $("a", row);
  const rowOf = (element) => element instanceof Element ? element.closest('#log-rows > tr[id^="log-"]') : null;
  const shown = () => (panel.hidden ? null : $("[data-peek]", panel));
  const wide = () => matchMedia("(min-width: 1280px)").matches; // as in the style sheet

  // The cell that was pointed at or focused last is the one that keys are about.
  let cell = null;
  const point = (event) => { if (rowOf(event.target)) cell = event.target.closest("td"); };
  on("mouseover", point);
  on("focusin", point);

  function filterBy(except) {
    const row = rowOf(cell);
    if (!row || !row.isConnected) return false;
    const url = new URL(linkOf(row).href);
    url.pathname += "/filter";
    url.searchParams.set("column", $$("thead th", row.closest("table"))[cell.cellIndex].dataset.col);
    if (except) url.searchParams.set("except", "1");
    location.assign(url);
    return true;
  }

  // Left and right go from cell to cell, up and down stay in their column.
  function step(across, down) {
    const at = rowOf(document.activeElement);
    if (!at) return false;
    const list = rows(), row = list[list.indexOf(at) + down];
    const from = document.activeElement.closest("td");
    const to = row && row.cells[Math.max(from.cellIndex + across, 0)];
    if (to) focusCell(to);
    return true;
  }
  function first() {
    const row = rows()[0];
    if (row) linkOf(row).focus();
    return row !== undefined;
  }
  function focusCell(to) {
    if (to.cellIndex === 0) { linkOf(to).focus(); return; }
    to.tabIndex = -1;
    to.focus();
  }

  // The summary beside the list. It has the focus while it is there, and gives it back to its row.
  function remember(id) {
    const url = new URL(location.href);
    if (id) url.searchParams.set("peek", id); else url.searchParams.delete("peek");
    history.replaceState(history.state, "", url);
  }
  function mark(id) {
    rows().forEach((row) => { if (row.id === "log-" + id) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current"); });
  }
  let peeked = "";
  function peek(row) {
    if (!wide()) { linkOf(row).click(); return; }
    peeked = row.id.slice("log-".length);
    load(linkOf(row).href);
    const opening = panel.hidden;
    panel.hidden = false;
    if (opening) panel.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    mark(peeked);
    remember(peeked);
  }
  // Who moves on before a summary is there wants it no more.
  let loading = new AbortController();
  async function load(page) {
    loading.abort();
    const mine = loading = new AbortController();
    const url = new URL(page);
    url.searchParams.set("part", "peek");
    panel.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal: mine.signal });
      if (!answer.ok) { location.assign(answer.headers.get("HX-Redirect") || page); return; }
      const part = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine.signal.aborted) return;
      panel.replaceChildren(...part.body.childNodes);
      panel.scrollTop = 0;
      document.getElementById("live").textContent = $("[data-announce]", panel).textContent;
    } catch {
      if (mine.signal.aborted) return;
      location.assign(page); // whose error says more
    }
    panel.removeAttribute("aria-busy");
  }
  function close() {
    if (panel.hidden) return;
    loading.abort();
    const inside = panel.contains(document.activeElement);
    const row = document.getElementById("log-" + peeked);
    panel.hidden = true;
    panel.replaceChildren();
    peeked = "";
    mark("");
    remember("");
    if (inside && row) linkOf(row).focus();
  }
  function peekNext(down) {
    const list = rows(), at = list.findIndex((row) => row.id === "log-" + peeked);
    const row = list[at + down];
    if (row && at >= 0) peek(row);
  }
  if (shown()) { peeked = shown().dataset.peek; mark(peeked); }

  // app.js tells of keys that are nobody else's, unless somebody types or has turned them off.
  on("sq:key", (event) => {
    const { key, target } = event.detail;
    const control = target instanceof Element && target.closest("button,summary");
    const row = rowOf(document.activeElement);
    const open = !panel.hidden;
    let done = true;
    switch (key) {
      case "f": done = filterBy(false); break;
      case "-": done = filterBy(true); break;
      case " ": if (control) done = false; else if (open) close(); else if (row) peek(row); else done = false; break;
      case "j": case "ArrowDown": if (open) peekNext(1); else done = step(0, 1) || key === "j" && first(); break;
      case "k": case "ArrowUp": if (open) peekNext(-1); else done = step(0, -1) || key === "k" && first(); break;
      case "ArrowRight": done = step(1, 0); break;
      case "ArrowLeft": done = step(-1, 0); break;
      case "o": case "Enter": {
        const at = open ? document.getElementById("log-" + peeked) : row;
        if (!at || target !== panel && target.matches("a,button,summary")) done = false; else linkOf(at).click();
        break;
      }
      default: done = false;
    }
    if (done) event.preventDefault();
  });
  on("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !$("dialog[open]")) close();
  });
  on("click", (event) => {
    if (!(event.target instanceof Element)) return;
    if (event.target.closest("[data-peek-close]")) { event.preventDefault(); close(); return; }
    const row = rowOf(event.target);
    if (row && !event.target.closest("a,button,form,summary") && getSelection().isCollapsed) peek(row);
  });
  // Other results may not hold the request any more, and the server has told their own URL.
  on("htmx:afterSwap", (event) => { if (event.detail.target.id === "results") { cell = null; close(); } });
})();
