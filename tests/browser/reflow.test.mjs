// Pages fit whatever settings people use: 320 CSS px (which is a 1280 px screen at 400 %), text twice as large, WCAG 1.4.12's text
// spacing, a screen on its side. Nothing scrolls sideways, sticks out or is cut off.
import { after, before, test } from 'node:test';
import { DESK, PAGES, PHONE, launch, lookAt, none } from './lib.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Runs in the page. A wide table may scroll within its own box (WCAG 1.4.10 exempts tables). */
function fits() {
  const page = document.documentElement, width = page.clientWidth, faults = [];
  const boxed = e => { for (let p = e.parentElement; p; p = p.parentElement) if (p.matches('.scroll')) return true; return false; };
  const hidden = e => e.matches('.vh, .skip, .vh *');
  const named = e => `${e.tagName.toLowerCase()}.${e.className || e.id} “${e.textContent.trim().slice(0, 40)}”`;
  if (document.scrollingElement.scrollWidth > width) faults.push(`scrolls ${document.scrollingElement.scrollWidth - width} px sideways`);
  for (const e of document.body.querySelectorAll('*')) {
    if (!e.checkVisibility() || hidden(e) || boxed(e)) continue;
    const box = e.getBoundingClientRect();
    if (box.right > width + 1 || box.left < -1) faults.push(`sticks out: ${named(e)}`);
    if (/hidden|clip/.test(getComputedStyle(e).overflow) && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)) faults.push(`is cut off: ${named(e)}`);
  }
  return faults.slice(0, 4);
}

const openAll = () => document.querySelectorAll('details').forEach(details => { details.open = true; });
const look = prepare => async tab => {
  await tab.evaluate(openAll);
  const before = prepare ? await tab.evaluate(prepare) ?? [] : [];
  return [...before, ...await tab.evaluate(fits)];
};

/** Runs in the page: WCAG 1.4.12. */
function spacing() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }');
  document.adoptedStyleSheets.push(sheet);
}

/** Runs in the page: the browser's own font size doubled; all text has to scale with it. */
function twice() {
  const texts = [...document.body.querySelectorAll('*')].filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
  const before = texts.map(e => parseFloat(getComputedStyle(e).fontSize));
  document.documentElement.style.fontSize = '32px';
  return texts.flatMap((e, i) => parseFloat(getComputedStyle(e).fontSize) < before[i] * 1.99 ? [`text does not grow: ${e.outerHTML.slice(0, 80)}`] : []).slice(0, 3);
}

const NARROW = { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 };
for (const [words, options, prepare] of [
  ['at 320 px, a 1280 px screen at 400 %', NARROW],
  ['at 320 px with text spacing', { viewport: { width: 320, height: 640 } }, spacing],
  ['on a phone with text at 200 %', PHONE, twice],
  ['on a phone on its side', { ...PHONE, viewport: { width: 640, height: 360 } }],
  ['on a wide screen with text at 200 %', DESK, twice],
]) test(`nothing sticks out ${words}`, async () => none(await lookAt(browser, options, PAGES, look(prepare))));
