const [report, verdict, text, count] = ["report", "verdict", "text", "count"].map(id => document.getElementById(id));
const articles = [...document.querySelectorAll("article")].map(article => {
  const parts = [...article.querySelectorAll("h3, p, dd")].map(part => part.textContent);
  return [article, [article.dataset.report, article.dataset.system, ...parts].join(" ").toLowerCase()];
});
function filter() {
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const [article, all] of articles) {
    const fits = (!report.value || article.dataset.report === report.value)
      && (!verdict.value || article.dataset.verdict === verdict.value)
      && words.every(word => all.includes(word));
    article.hidden = !fits;
    shown += fits;
  }
  count.textContent = `${shown} of ${articles.length}`;
}
for (const box of [report, verdict, text]) box.addEventListener("input", filter);
document.querySelector("form").addEventListener("submit", event => event.preventDefault());
filter();
