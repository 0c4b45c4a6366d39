// What pages do beyond plain links and forms. Everything works without it.
"use strict";
(() => {
  const root = document.documentElement;
  root.dataset.js = "";
  const $ = (selector, within) => (within || document).querySelector(selector);
  const $$ = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const closest = (event, selector) => event.target instanceof Element && event.target.closest(selector);
  const on = (name, handler, options) => document.addEventListener(name, handler, options);

  // Copying. On plain http the clipboard API is missing, and selecting the text is what remains.
  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");
    area.value = text;
    area.readOnly = true;
    area.className = "sr-only";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("copying was refused");
  }
  on("click", async (event) => {
    const button = closest(event, "[data-copy],[data-copy-from]");
    if (!button) return;
    const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    const text = source ? (source.value ?? source.textContent) : button.dataset.copy || button.previousElementSibling.textContent;
    try {
      await copy(text);
      button.dataset.copied = "";
      say(button.title);
      setTimeout(() => delete button.dataset.copied, 1600);
    } catch {
      if (source && source.select) source.select();
    }
  });

  // Messages.
  const live = () => document.getElementById("live");
  function say(text) { if (live()) live().textContent = text; }
  function toast(text, action) {
    const box = document.createElement("div");
    box.className = "toast toast-info";
    const words = document.createElement("p");
    words.className = "min-w-0 flex-1";
    words.textContent = text;
    box.append(words);
    if (action) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-secondary btn-sm";
      button.textContent = action.label;
      button.addEventListener("click", action.run);
      box.append(button);
    }
    $("#toasts").append(box);
    return box;
  }
  function expire(box) { if (box.dataset.toast !== "err" && box.dataset.toast !== "warn") setTimeout(() => box.remove(), 10000); }
  $$("[data-toast]").forEach(expire);
  on("click", (event) => { const button = closest(event, "[data-dismiss]"); if (button) button.closest(".toast").remove(); });

  // Menus close on a click elsewhere and on Escape.
  on("click", (event) => { $$("details[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }); });
  on("keydown", (event) => {
    if (event.key !== "Escape") return;
    $$("details[data-menu][open]").forEach((menu) => { menu.open = false; $("summary", menu).focus(); });
  });

  on("toggle", (event) => {
    const panel = event.target instanceof Element && event.target.matches("details[data-menu][open]") && $(".menu-panel", event.target);
    if (!panel) return;
    panel.removeAttribute("data-up");
    if (panel.getBoundingClientRect().bottom > innerHeight - 8) panel.setAttribute("data-up", "");
  }, true);
  on("scroll", () => { $$(".table details[data-menu][open]").forEach((menu) => { menu.open = false; }); }, true);

  // Dialogs.
  on("click", (event) => {
    const button = closest(event, "[data-dialog]");
    const dialog = button && document.getElementById(button.dataset.dialog);
    if (dialog) { event.preventDefault(); dialog.id === "palette" ? openPalette() : dialog.showModal(); }
    if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();
  });

  // The palette: a search above the page. Arrows move through what was found, Enter opens it.
  function openPalette() {
    const palette = $("#palette");
    if (!palette || palette.open) return;
    palette.showModal();
    $("input", palette).select();
    $("form", palette).dispatchEvent(new CustomEvent("palette:open"));
  }
  on("keydown", (event) => {
    const palette = closest(event, "#palette");
    if (!palette) return;
    const links = $$(".found", palette);
    const at = links.indexOf(document.activeElement);
    if (event.key === "Enter" && at < 0 && links.length) { event.preventDefault(); links[0].click(); }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = links[at + (event.key === "ArrowDown" ? 1 : -1)];
      (next || $("input", palette)).focus();
    }
  });

  // Empty filters don't go into the URL; htmx collects its values by the same event.
  on("formdata", (event) => {
    if (event.target.method !== "get") return;
    for (const [name, value] of Array.from(event.formData)) if (value === "") event.formData.delete(name);
  });

  // Forms: a refused form tells so; leaving a changed one asks first.
  let dirty = false;
  const guarded = (event) => closest(event, "form[data-guard]");
  on("input", (event) => {
    if (!guarded(event)) return;
    dirty = true;
    $$("[data-dirty]").forEach((note) => { note.hidden = false; });
  });
  on("submit", () => { dirty = false; });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  function focusRefused() { const summary = $("[data-autofocus]"); if (summary) summary.focus(); }
  focusRefused();

  // A choice that fills other fields: <option data-fill='{"field":"value"}'>. What somebody typed stays.
  on("change", (event) => {
    const choice = event.target instanceof HTMLSelectElement && event.target.selectedOptions[0];
    if (!choice || !choice.dataset.fill) return;
    for (const [name, value] of Object.entries(JSON.parse(choice.dataset.fill))) {
      const field = event.target.form.elements[name];
      if (!field || field.dataset && field.dataset.typed) continue;
      field.value = value;
      (field instanceof RadioNodeList ? field[0] : field).dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
  on("input", (event) => { if (event.isTrusted && event.target.dataset) event.target.dataset.typed = "1"; });

  // A page that answered a form with something shown once: reloading it leads on instead of sending the form again.
  const once = $("[data-replace-url]");
  if (once) history.replaceState(null, "", once.dataset.replaceUrl);

  // Passwords can be looked at.
  on("click", (event) => {
    const button = closest(event, "[data-reveal]");
    const field = button && document.getElementById(button.dataset.reveal);
    if (!field) return;
    field.type = field.type === "password" ? "text" : "password";
    button.setAttribute("aria-pressed", String(field.type === "text"));
  });

  // Tabs within a page: all panels are there; the script shows one.
  function showTab(tab) {
    const list = tab.closest("[data-tabs]");
    $$("[role=tab]", list).forEach((other) => {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    });
  }
  $$("[data-tabs]").forEach((list) => { list.hidden = false; const first = $("[role=tab]", list); if (first) showTab(first); });
  on("click", (event) => { const tab = closest(event, "[data-tabs] [role=tab]"); if (tab) showTab(tab); });
  on("keydown", (event) => {
    const tab = closest(event, "[data-tabs] [role=tab]");
    if (!tab || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const tabs = $$("[role=tab]", tab.closest("[data-tabs]"));
    const next = tabs[(tabs.indexOf(tab) + (event.key === "ArrowRight" ? 1 : tabs.length - 1)) % tabs.length];
    showTab(next);
    next.focus();
  });

  // Text that is repeated elsewhere as it is chosen: <select data-replace="panels" data-was="model">.
  on("change", (event) => {
    const field = event.target;
    const place = field.dataset && field.dataset.replace && document.getElementById(field.dataset.replace);
    if (!place) return;
    const was = field.dataset.was, now = field.value;
    const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.split(was).join(now);
    field.dataset.was = now;
  });

  // Rows that can be added: a template of the row stands beside the list.
  on("click", (event) => {
    const add = closest(event, "[data-add-row]");
    if (add) {
      const list = document.getElementById(add.dataset.addRow);
      list.append($("template", list.parentElement).content.cloneNode(true));
      const field = $("input", list.lastElementChild);
      if (field) field.focus();
    }
    const remove = closest(event, "[data-remove-row]");
    if (remove) remove.closest("[data-row]").remove();
  });

  // One box picks all rows of its table.
  on("change", (event) => {
    const all = closest(event, "[data-pick-all]");
    if (all) $$("tbody .pick > input", all.closest("table")).forEach((box) => { box.checked = all.checked; });
  });

  // Keys. They are off inside fields and when somebody turned them off.
  const typing = (target) => target instanceof Element && (target.closest("input,textarea,select,[contenteditable]") !== null);
  let leader = 0;
  on("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      const form = $("form[data-guard]");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && $("#palette")) { event.preventDefault(); openPalette(); return; }
    if (root.dataset.shortcuts !== "on" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    if (Date.now() - leader < 1200) {
      leader = 0;
      const link = $(`.sidebar [data-key="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    switch (event.key) {
      case "g": leader = Date.now(); break;
      case "?": { const help = $("#shortcuts"); if (help) help.showModal(); break; }
      case "/": { const field = $("[data-search]"); if (field) { event.preventDefault(); field.focus(); field.select(); } break; }
      default: press(event);
    }
  });
  // A key is that of a button, or the page's own script wants it, or it moves through the rows of a list.
  function press(event) {
    const pressed = $(`[data-press="${CSS.escape(event.key)}"]`);
    if (pressed) { event.preventDefault(); (pressed.matches("a,button") ? pressed : $("button", pressed)).click(); return; }
    const own = new CustomEvent("sq:key", { detail: { key: event.key, target: event.target }, cancelable: true });
    if (!document.dispatchEvent(own)) { event.preventDefault(); return; }
    switch (event.key) {
      case "j": moveRow(1); break;
      case "k": moveRow(-1); break;
      case "o": { const row = document.activeElement.closest("tr"), link = row && $("a", row); if (link) link.click(); break; }
    }
  }
  function moveRow(step) {
    const links = $$("tbody tr").filter((row) => row.getClientRects().length).map((row) => $("a", row)).filter(Boolean);
    if (!links.length) return;
    const row = document.activeElement && document.activeElement.closest("tr");
    const at = links.findIndex((link) => link.closest("tr") === row);
    links[Math.min(Math.max(at + step, 0), links.length - 1)].focus();
  }

  // Following the log: news come once a second. While somebody reads, they wait: no row moves under the pointer, the focus, a
  // selection or above what is looked at.
  const shownRows = 300;
  const waiting = { fresh: [], changed: new Map(), count: 0, lost: 0, paused: false, busy: false, away: false };
  const reading = (rows) => rows.matches(":hover") || rows.contains(document.activeElement) || rows.getBoundingClientRect().top < 0
    || $("#peek:not([hidden])") !== null || (!getSelection().isCollapsed && rows.contains(getSelection().anchorNode));
  function deliver(rows) {
    if (waiting.fresh.length) {
      let at = rows.firstElementChild;
      waiting.fresh.sort((a, b) => (a.id < b.id ? 1 : -1)); // the ids of requests begin with their time; some arrive late
      for (const row of waiting.fresh) {
        if (document.getElementById(row.id)) continue;
        while (at && (at.id > row.id || at.id.startsWith("attempts-"))) at = at.nextElementSibling;
        rows.insertBefore(row, at);
      }
      while (rows.children.length > shownRows) rows.lastElementChild.remove();
    }
    for (const [id, row] of waiting.changed) { const old = document.getElementById(id); if (old) old.replaceWith(row); }
    waiting.fresh = [];
    waiting.changed.clear();
    waiting.count = 0;
  }
  function tailState(tail, rows) {
    const part = (name) => $(`[data-tail=${name}]`, tail);
    const held = waiting.paused || reading(rows);
    part("state").textContent = waiting.away ? tail.dataset.away : waiting.paused ? tail.dataset.paused : held && waiting.count ? tail.dataset.reading : tail.dataset.live;
    part("pause").setAttribute("aria-pressed", String(waiting.paused));
    part("show").hidden = !waiting.count;
    part("show").textContent = tail.dataset.new.replace("{n}", waiting.count);
    part("lost").hidden = !waiting.lost;
    part("lost").textContent = tail.dataset.skipped.replace("{n}", waiting.lost);
  }
  async function follow() {
    const tail = document.getElementById("log-tail"), rows = document.getElementById("log-rows");
    if (!tail || !rows || waiting.busy || document.visibilityState !== "visible") return;
    waiting.busy = true;
    try {
      const answer = await fetch(tail.dataset.url, { headers: { "HX-Request": "true" } });
      if (answer.headers.get("HX-Redirect")) { location.href = answer.headers.get("HX-Redirect"); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const news = $("table", new DOMParser().parseFromString(await answer.text(), "text/html"));
      tail.dataset.url = news.dataset.url;
      const fresh = $$("[data-fresh] > tr", news);
      for (const row of $$("[data-changed] > tr", news)) {
        const at = waiting.fresh.findIndex((other) => other.id === row.id);
        if (at >= 0) waiting.fresh[at] = row; else waiting.changed.set(row.id, row);
      }
      waiting.lost += Number(news.dataset.skipped);
      waiting.count += fresh.length + Number(news.dataset.skipped);
      waiting.fresh = fresh.concat(waiting.fresh).slice(0, shownRows);
      waiting.away = false;
    } catch { waiting.away = true; }
    waiting.busy = false;
    if (!waiting.paused && !reading(rows)) deliver(rows);
    tailState(tail, rows);
  }
  on("click", (event) => {
    const button = closest(event, "[data-tail]"), rows = document.getElementById("log-rows");
    if (!button || !rows) return;
    switch (button.dataset.tail) {
      case "pause": waiting.paused = !waiting.paused; if (!waiting.paused) deliver(rows); break;
      case "clear": Object.assign(waiting, { fresh: [], count: 0, lost: 0 }); waiting.changed.clear(); rows.replaceChildren(); break;
      case "show": deliver(rows); if (rows.firstElementChild) rows.firstElementChild.scrollIntoView({ block: "center" }); break;
    }
    tailState(document.getElementById("log-tail"), rows);
  });
  setInterval(follow, 1000);

  // Pages that refresh listen to this instead of polling in hidden tabs.
  setInterval(() => { if (document.visibilityState === "visible") document.body.dispatchEvent(new CustomEvent("sq:tick")); }, 5000);

  // htmx: progress, news for screen readers, trouble. Its events are named in this one place.
  const progress = (running) => { const bar = $("#progress"); if (bar) bar.classList.toggle("on", running); };
  on("htmx:beforeRequest", (event) => { progress(true); event.detail.target.setAttribute("aria-busy", "true"); });
  on("htmx:afterRequest", (event) => { progress(false); event.detail.target.removeAttribute("aria-busy"); });
  on("htmx:afterSettle", (event) => {
    $$("[data-toast]").forEach((box) => { if (!box.dataset.seen) { box.dataset.seen = "1"; expire(box); } });
    focusRefused();
    const news = event.detail.elt && $("[data-announce]", event.detail.elt);
    if (news) say(news.textContent);
  });
  function offline() {
    const bar = $("#offline");
    if (bar) { bar.textContent = $("#toasts").dataset.offline; bar.hidden = false; bar.classList.remove("hidden"); }
  }
  on("htmx:sendError", offline);
  on("htmx:timeout", offline);
  let outdated = false;
  on("htmx:afterOnLoad", (event) => {
    const bar = $("#offline");
    if (bar) { bar.hidden = true; bar.classList.add("hidden"); }
    const build = event.detail.xhr.getResponseHeader("X-Squirrel-Build");
    if (!outdated && build && build !== root.dataset.build) {
      outdated = true;
      const texts = $("#toasts").dataset;
      toast(texts.outdated, { label: texts.reload, run: () => location.reload() });
    }
  });
})();
