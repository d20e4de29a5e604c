// Every page can be walked with Tab: the focus can be seen at each stop, nothing is left out, there is no trap, the
// first stop skips to the main part. And every touch target is at least 24 by 24 px.
import { after, before, test } from 'node:test';
import { DESK, PAGES, PHONE, launch, lookAt, none, still } from './lib.mjs';

const MOST = 500;
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Runs in the page: where the focus is, and what is wrong with it there. */
function stop() {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  window.stops ??= [];
  const faults = [], style = getComputedStyle(e), box = e.getClientRects()[0];
  if (window.stops.includes(e)) return { again: window.stops.indexOf(e) };
  window.stops.push(e);
  if (!e.matches(':focus-visible') || style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) faults.push('the focus cannot be seen');
  if (e.tabIndex > 0) faults.push('has its own place in the order');
  if (!box || box.width < 1 || box.height < 1) faults.push('has no size');
  else {
    const x = box.x + Math.min(box.width / 2, 20), y = box.y + Math.min(box.height / 2, 12), top = document.elementFromPoint(x, y);
    if (box.bottom <= 0 || box.right <= 0 || box.y >= innerHeight || box.x >= innerWidth) faults.push('is off the screen');
    else if (top && !e.contains(top) && !top.contains(e)) faults.push(`is covered by ${top.tagName}`);
  }
  return { faults: faults.map(fault => `${e.outerHTML.replace(/\s+/g, ' ').slice(0, 90)} ${fault}`) };
}

/** Runs in the page: what can be used by pointer but was never a stop. A group of radio buttons is one stop. */
function missed() {
  const stops = window.stops ?? [];
  return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
    .filter(e => e.checkVisibility() && !stops.includes(e) && !(e.type === 'radio' && stops.some(s => s.type === 'radio' && s.name === e.name)))
    .map(e => `Tab never comes to ${e.outerHTML.slice(0, 90)}`);
}

const openAll = tab => tab.evaluate(() => document.querySelectorAll('details').forEach(details => { details.open = true; }));

async function walk(tab) {
  const faults = [];
  await openAll(tab);
  for (let i = 0; ; i++) {
    await tab.keyboard.press('Tab');
    const here = await tab.evaluate(stop);
    if (!here) break;
    if (here.again !== undefined) { if (here.again !== 0) faults.push(`Tab goes in circles from stop ${here.again + 1}`); break; }
    faults.push(...here.faults);
    if (i === MOST) { faults.push(`no end after ${MOST} stops`); break; }
  }
  return [...faults, ...await tab.evaluate(missed)];
}

async function skip(tab) {
  await tab.keyboard.press('Tab');
  const first = await tab.evaluate(() => document.activeElement.matches('a.skip[href="#main"]'));
  if (!first) return ['the first stop is no skip link'];
  const seen = await tab.evaluate(() => { const box = document.activeElement.getBoundingClientRect(); return box.x >= 0 && box.y >= 0 && box.width > 24; });
  await tab.keyboard.press('Enter');
  const there = await tab.evaluate(() => document.activeElement.id === 'main');
  await tab.keyboard.press('Tab');
  const after = await tab.evaluate(() => !document.activeElement.closest('header'));
  return [seen || 'the skip link cannot be seen when it has the focus', there || 'the skip link does not lead to the main part', after || 'Tab after the skip link goes back to the header'].filter(fault => fault !== true);
}

/** Runs in the page. Links within a sentence are exempt, as in WCAG 2.5.8; a label counts as part of its box. */
function small() {
  const inSentence = e => getComputedStyle(e).display === 'inline' && [...e.parentElement.childNodes].some(n => n !== e && n.nodeType === 3 && n.textContent.trim().length > 1);
  return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')].filter(e => e.checkVisibility() && !e.matches('.skip') && !inSentence(e)).flatMap(e => {
    const box = e.getBoundingClientRect();
    return box.width >= 23.9 && box.height >= 23.9 ? [] : [`${e.outerHTML.replace(/\s+/g, ' ').slice(0, 90)} is ${box.width.toFixed(1)} by ${box.height.toFixed(1)} px`];
  });
}

const english = PAGES.filter(page => page.lang === 'en');
test(`Tab walks ${english.length} pages on a phone`, async () => none(await lookAt(browser, still(PHONE), english, walk)));
test('Tab walks the main pages in Spanish on a wide screen', async () => {
  const main = ['home', 'home, with mistakes', 'list, filtered', 'plan, with household', 'compare three', 'not found'];
  none(await lookAt(browser, still(DESK), PAGES.filter(page => page.lang === 'es' && main.some(name => page.name === `${name} (es)`)), walk));
});
test('the skip link works on every page', async () => none(await lookAt(browser, PHONE, PAGES, skip)));
test('every target is at least 24 by 24 px', async () => {
  const look = async tab => { await openAll(tab); return tab.evaluate(small); };
  none([...await lookAt(browser, PHONE, PAGES, look), ...await lookAt(browser, DESK, english, look)]);
});
