/** The page's style. Series have the colours of Okabe and Ito, which people with any colour vision tell apart. */
export const style = `
:root{--bg:#f6f7f9;--card:#fff;--ink:#16202c;--muted:#5a6675;--line:#dfe3e8;--grid:#e9ecf0;--axis:#9aa5b1;
--good:#04724d;--bad:#b3261e;--unsure:#8a5a00;--good-bg:#e3f4ec;--bad-bg:#fbe9e7;--unsure-bg:#fdf2dc;--plain-bg:#eceff3;
--band:rgba(90,102,117,.12);--band-strong:rgba(90,102,117,.35);
--s0:#0067a5;--s1:#c75000;--s2:#00805e;--s3:#8a8f98;--s4:#101820}
@media (prefers-color-scheme:dark){:root{--bg:#0e1319;--card:#161d26;--ink:#e6ebf1;--muted:#9aa7b6;--line:#27313d;
--grid:#222b36;--axis:#5b6876;--good:#5fd3a4;--bad:#ff8a80;--unsure:#f0c06a;--good-bg:#12342a;--bad-bg:#3a1d1b;
--unsure-bg:#352a12;--plain-bg:#222b36;--band:rgba(154,167,182,.14);--band-strong:rgba(154,167,182,.4);
--s0:#56b4e9;--s1:#f0993f;--s2:#2fc79a;--s3:#8e99a6;--s4:#f4f7fa}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main,footer{max-width:1240px;margin:0 auto;padding:0 24px}
header{display:flex;gap:24px;justify-content:space-between;align-items:flex-end;padding-top:32px;flex-wrap:wrap}
.brand{margin:0;color:var(--muted);font-size:13px;letter-spacing:.04em}
h1{margin:2px 0 4px;font-size:28px;line-height:1.2;font-weight:650;overflow-wrap:anywhere}
.subtitle{margin:0;color:var(--muted)}
h2{margin:40px 0 6px;font-size:19px;font-weight:650}
h3{margin:0 0 8px;font-size:14px;font-weight:650}
.text{margin:0 0 14px;color:var(--muted);max-width:80ch}
.verdict{margin:0;padding:10px 16px;border-radius:10px;background:var(--plain-bg);display:flex;flex-direction:column;max-width:520px}
.verdict strong{font-size:17px}.verdict span{font-size:13.5px}
.verdict.good{background:var(--good-bg);color:var(--good)}.verdict.bad{background:var(--bad-bg);color:var(--bad)}
.verdict.unsure{background:var(--unsure-bg);color:var(--unsure)}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(186px,1fr));gap:12px;margin-top:12px}
.figure{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.figure.failed{border-color:var(--bad)}
.figure p{margin:0}
.name{font-size:13px;color:var(--muted)}
.value{font-size:23px;font-weight:650;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.remark,.change{font-size:12.5px;color:var(--muted)}
.change{margin-top:6px!important;font-weight:600}
.good{color:var(--good)}.bad{color:var(--bad)}.unsure{color:var(--unsure)}
.badge{display:inline-block;margin-top:8px!important;padding:1px 8px;border-radius:99px;font-size:12.5px;font-weight:600}
.badge.good{background:var(--good-bg)}.badge.bad{background:var(--bad-bg)}
.charts{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:16px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px 10px;min-width:0}
figure.wide{grid-column:1/-1}
figcaption{font-size:14px;color:var(--muted)}figcaption strong{color:var(--ink);font-weight:650;display:block;font-size:15px}
.legend{margin:8px 0 0;display:flex;flex-wrap:wrap;gap:4px 16px;font-size:12.5px;color:var(--muted)}
.key{display:inline-flex;align-items:center;gap:6px}.key i{width:16px;height:4px;border-radius:2px;display:inline-block}
.plot{margin-top:4px}
.plot svg{width:100%;height:auto;display:block;overflow:visible;color:var(--muted);font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums}
.plot image{image-rendering:pixelated}
details{margin-top:6px;font-size:13px}summary{cursor:pointer;color:var(--muted)}
.scroll{overflow-x:auto;display:flex;gap:24px;align-items:flex-start}
section>.scroll{margin-top:16px;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:4px 14px}
table{border-collapse:collapse;font-size:13px}section>.scroll table{width:100%}
th,td{padding:4px 10px 4px 0;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
tbody tr:last-child>*{border-bottom:0}
th{font-weight:600;color:var(--muted)}tbody th{color:var(--ink)}
.number{text-align:right;font-variant-numeric:tabular-nums}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:16px;margin-top:12px}
.facts>div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
dl{margin:0;display:grid;grid-template-columns:max-content minmax(0,1fr);gap:3px 16px;font-size:13.5px}
dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
.notes{color:var(--muted);font-size:13px;padding-left:18px}
footer{padding:24px;color:var(--muted);font-size:12.5px}
:focus-visible{outline:2px solid var(--s0);outline-offset:2px}
@media (max-width:820px){.charts{grid-template-columns:minmax(0,1fr)}header,main,footer{padding-left:14px;padding-right:14px}
figure{padding:12px 10px 8px}figure.wide .plot{overflow-x:auto}figure.wide .plot svg{min-width:700px}
.plot svg{font-size:14px}h1{font-size:23px}.figures{grid-template-columns:repeat(2,minmax(0,1fr))}
.value{font-size:20px}.facts{grid-template-columns:minmax(0,1fr)}}
@media print{body{background:#fff}figure,.figure{break-inside:avoid}details{display:none}}
`;
