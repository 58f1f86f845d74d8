const [report, verdict, text, count] = ["report", "verdict", "text", "count"].map(id => document.getElementById(id));
const parts = [...document.querySelectorAll("details.report")].map(part => {
  const claims = [...part.querySelectorAll("article")].map(article => {
    const words = [...article.querySelectorAll("h3, p, dd")].map(each => each.textContent);
    return [article, [part.dataset.report, article.dataset.system, ...words].join(" ").toLowerCase()];
  });
  return [part, claims];
});
function filter(event) {
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const asked = Boolean(report.value || verdict.value || words.length);
  let shown = 0, all = 0;
  for (const [part, claims] of parts) {
    let hits = 0;
    for (const [article, said] of claims) {
      const fits = (!report.value || part.dataset.report === report.value)
        && (!verdict.value || article.className === verdict.value)
        && words.every(word => said.includes(word));
      article.hidden = !fits;
      hits += fits;
    }
    part.hidden = !hits;
    if (event) part.open = asked && hits > 0;
    shown += hits;
    all += claims.length;
  }
  count.textContent = `${shown} of ${all}`;
}
for (const box of [report, verdict, text]) box.addEventListener("input", filter);
document.querySelector("form").addEventListener("submit", event => event.preventDefault());
filter();
