// What the site's pages do beyond showing themselves. They can be read without; what only some of them need is imported there.

const reporting = document.querySelector("a.report");
if (reporting) import("./report.js").then(({ report }) => report(reporting));
