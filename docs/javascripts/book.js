// What the site's pages do beyond showing themselves. They can be read without; what only some of them need is imported there.
import "./frame.js";
if (document.querySelector(".map")) import("./map.js");
if (document.querySelector("article :is(a.ref, a.cite, a.api)")) import("./hover.js");
import "./search.js";
import "./copy.js";

const reporting = document.querySelector("a.report");
if (reporting) import("./report.js").then(({ report }) => report(reporting));

const charts = document.querySelectorAll(".live");
if (charts.length) import("./live.js").then((live) => live.start(charts));

const figures = document.querySelectorAll(".md-content :is(.figure, .output.image)");
if (figures.length) import("./zoom.js").then((zoom) => zoom.start(figures));
