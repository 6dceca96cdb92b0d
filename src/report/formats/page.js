(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const articles = [...document.querySelectorAll("article")].map((node) => [node, node.textContent.toLowerCase()]);
  const environment = document.getElementById("environment");
  const apply = () => {
    const words = document.getElementById("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = [...form.querySelectorAll("input[name=severity]:checked")].map((box) => box.value);
    let shown = 0;
    for (const [node, text] of articles) {
      const where = node.dataset.environments.split(" ");
      const visible = severities.includes(node.dataset.severity)
        && (!environment || !environment.value || where.includes(environment.value))
        && words.every((word) => text.includes(word));
      node.hidden = !visible;
      shown += visible;
    }
    document.getElementById("shown").textContent = `${shown} of ${articles.length} shown`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
