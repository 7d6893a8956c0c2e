"use strict";
document.querySelectorAll(".urls").forEach((place) => {
  const box = place.querySelector("input");
  const said = place.querySelector("[role=status]");
  const split = (text) => {
    const [, origin = "", target] = /^([a-z]+:\/\/[^/?#]*)?([^#]*)/i.exec(text.trim());
    return { origin: origin.toLowerCase(), path: target.split("?")[0] || "/" };
  };
  const examples = [...place.querySelectorAll("details")].map((told) => ({ told, ...split(told.dataset.url) }));
  // The example itself, or the longest that the path begins with.
  const find = ({ origin, path }) =>
    examples
      .filter((one) => (!origin || one.origin === origin) && path.startsWith(one.path))
      .sort((a, b) => b.path.length - a.path.length)[0];
  box.closest("p").hidden = false;
  box.addEventListener("input", () => {
    const asked = split(box.value);
    const found = box.value.trim() && find(asked);
    for (const one of examples) one.told.open = one === found;
    if (!found) said.textContent = box.value.trim() ? "no example is like it; hopcheck explain tells" : "";
    else if (found.path === asked.path) said.textContent = "";
    else said.textContent = `the nearest example is ${found.told.dataset.url}; hopcheck explain tells of this one`;
    if (found) found.told.scrollIntoView({ block: "nearest" });
  });
});
