// What the site's pages do beyond showing themselves. They can be read without; what only some of them need is imported there.

const charts = document.querySelectorAll(".live");
if (charts.length) import("./live.js").then((live) => live.start(charts));

const figures = document.querySelectorAll(".md-content :is(.figure, .output.image)");
if (figures.length) import("./zoom.js").then((zoom) => zoom.start(figures));
