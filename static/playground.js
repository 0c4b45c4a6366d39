// The playground: requests are stopped without leaving the page, images are shown before they are sent and can be dropped or
// pasted, Ctrl+Enter sends. Without it the buttons do the same with a page in between.
"use strict";
(() => {
  const form = document.querySelector("[data-play]");

  addEventListener("submit", async (event) => {
    if (!event.target.matches("[data-stop]")) return;
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.disabled = true;
    try {
      const answer = await fetch(event.target.action, { method: "POST", headers: { "HX-Request": "true" }, body: new URLSearchParams(new FormData(event.target)) });
      if (!answer.ok) button.disabled = false;
    } catch { button.disabled = false; }
  });

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[value=send]"));
  });

  // What is chosen is sent with the form; this only shows it.
  const images = (files) => Array.from(files).filter((file) => file.type.startsWith("image/"));
  // What can't be taken is said before it is sent: then nothing has to be chosen or typed again.
  function measure(field) {
    const over = Array.from(field.files).find((file) => file.size > field.dataset.max);
    field.setCustomValidity(over ? over.name + ": " + field.dataset.over : "");
    if (over) field.reportValidity();
  }
  function preview(field) {
    measure(field);
    const list = form.querySelector(`[data-previews="${field.id}"]`);
    list.querySelectorAll("[data-fresh]").forEach((item) => item.remove());
    for (const file of images(field.files)) {
      const item = document.createElement("li"), image = document.createElement("img"), reader = new FileReader();
      item.className = "thumb";
      item.dataset.fresh = "";
      image.alt = file.name;
      item.append(image);
      list.append(item);
      reader.onload = () => { image.src = reader.result; };
      reader.readAsDataURL(file);
    }
  }
  function take(field, files) {
    const all = new DataTransfer();
    for (const file of [...field.files, ...files]) all.items.add(file);
    field.files = all.files;
    field.closest("details").open = true;
    preview(field);
  }
  form.addEventListener("change", (event) => {
    const field = event.target;
    if (field.type === "file") (field.closest("[data-drop]") ? preview : measure)(field);
  });
  form.addEventListener("invalid", (event) => { const folded = event.target.closest("details"); if (folded) folded.open = true; }, true);
  form.addEventListener("paste", (event) => {
    const pasted = images(event.clipboardData.files), message = event.target.closest("[data-message]");
    if (!pasted.length || !message) return;
    event.preventDefault();
    take(message.querySelector("[type=file]"), pasted);
  });
  form.addEventListener("dragover", (event) => { if (event.target.closest("[data-message]") && event.dataTransfer.types.includes("Files")) event.preventDefault(); });
  form.addEventListener("drop", (event) => {
    const dropped = images(event.dataTransfer.files), message = event.target.closest("[data-message]");
    if (!dropped.length || !message) return;
    event.preventDefault();
    take(message.querySelector("[type=file]"), dropped);
  });
})();
