// Shows several answers while they arrive, each in its column. Pieces come into the page in the order in which they were
// said, and this moves them to where they belong. Without it the page shows all columns once the last answer has ended.
"use strict";
(() => {
  const live = document.getElementById("live-columns");
  live.hidden = false;
  document.getElementById("live-wait").hidden = true;
  const observer = new MutationObserver(() => {
    for (const piece of document.querySelectorAll("#live-pieces data")) {
      if (!piece.nextSibling) break; // it has not arrived whole
      const column = live.children[piece.value];
      if (piece.className === "began") {
        column.querySelector("[name=id]").value = piece.textContent;
        column.querySelector("[data-began]").hidden = false;
      } else if (piece.className === "ended") {
        column.querySelector("[data-began]").hidden = true;
      } else {
        const line = document.createElement("span");
        if (piece.className) line.className = "text-ink-3";
        line.textContent = piece.textContent;
        column.querySelector("[data-live]").append(line);
      }
      piece.remove();
    }
    if (!document.getElementById("play-columns")) return;
    live.remove();
    observer.disconnect();
  });
  observer.observe(document.getElementById("answer"), { childList: true, subtree: true });
})();
