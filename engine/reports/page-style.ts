/** The one style of report pages. The policy of the pages allows it by its hash, and nothing else. */
export const pageStyle = `
body { font: 14px/1.45 "Segoe UI", system-ui, sans-serif; color: #201f1e; background: #fff; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; font-weight: 600; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; font-weight: 600; margin-top: 2rem; }
.badge { display: inline-block; padding: .2rem .7rem; border-radius: 1rem; border: 1px solid; font-weight: 600; }
.good { color: #0b6a0b; }
.bad { color: #a4262c; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.5rem; }
dt { color: #605e5c; }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #edebe9; overflow-wrap: anywhere; }
th { color: #605e5c; font-weight: 600; }
small { color: #605e5c; }
@media (prefers-color-scheme: dark) {
  body { color: #f3f2f1; background: #1b1a19; }
  th, td { border-color: #323130; }
  dt, th, small { color: #a19f9d; }
  .good { color: #6ccb5f; }
  .bad { color: #ff99a4; }
}
`;

/** SHA-256 of the style's bytes, as Content-Security-Policy writes it. */
export const pageStyleHash = "sha256-y+nNf7QV17LukYNvs/yJuGSLPt3ZZg0aFWmPdOkhJAk=";
