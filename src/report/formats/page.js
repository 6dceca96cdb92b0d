(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const articles = [...document.querySelectorAll("article")].map((node) => [node, node.textContent.toLowerCase()]);
  const words = document.getElementById("words");
  const environment = document.getElementById("environment");
  const boxes = [...form.querySelectorAll("input[name=severity]")];
  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = boxes.filter((box) => box.checked).map((box) => box.value);
    let shown = 0;
    for (const [node, text] of articles) {
      const where = node.dataset.environments.split(" ");
      const visible = severities.includes(node.dataset.severity)
        && (!environment || !environment.value || where.includes(environment.value))
        && wanted.every((word) => text.includes(word));
      node.hidden = !visible;
      shown += visible;
    }
    document.getElementById("shown").textContent = `${shown} of ${articles.length} shown`;
  };
  // what is filtered stands in the address, so that it can be sent to somebody
  const read = () => {
    if (!location.hash.includes("=")) return;
    const told = new URLSearchParams(location.hash.slice(1));
    words.value = told.get("words") ?? "";
    if (environment) environment.value = told.get("environment") ?? "";
    if (told.has("severity")) {
      const severities = told.get("severity").split(",");
      boxes.forEach((box) => { box.checked = severities.includes(box.value); });
    }
  };
  const write = () => {
    const told = new URLSearchParams();
    if (words.value) told.set("words", words.value);
    if (environment && environment.value) told.set("environment", environment.value);
    if (boxes.some((box) => !box.checked)) {
      told.set("severity", boxes.filter((box) => box.checked).map((box) => box.value).join(","));
    }
    try {
      history.replaceState(null, "", `#${told}`);
    } catch {
      // a page inside another one may have no address of its own
    }
  };
  form.addEventListener("input", () => { apply(); write(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => { read(); apply(); });
  read();
  apply();
})();
