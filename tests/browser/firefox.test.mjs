// The second engine: Firefox, as Debian ships it, scripts off. That pages fit, are dark when asked to be, keep their names
// in sight, and that the errand works there too. Everything else is tested in Chromium.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { BASE, localized, none, pageNamed } from './lib.mjs';

const folder = process.env.SCREENSHOTS || 'target/screenshots';
const SEEN = ['home', 'home, each person', 'which county', 'list, one person', 'list, tax credit', 'list, Medicaid', 'plan, tax credit', 'plan, every line',
  'compare three, family', 'sheet', 'expected care', 'how, tax credit', 'enroll', 'not found'];
const PHONE = { width: 360, height: 740 }, DESK = { width: 1280, height: 800 };

const launch = (dark = 0) => puppeteer.launch({
  browser: 'firefox', headless: true, executablePath: process.env.FIREFOX || '/usr/bin/firefox-esr',
  // With scripts off pages have none; what the test itself asks is still answered.
  extraPrefsFirefox: { 'javascript.enabled': false, 'ui.systemUsesDarkTheme': dark, 'ui.prefersReducedMotion': 1 },
});

let browser;
before(async () => { mkdirSync(folder, { recursive: true }); browser = await launch(); });
after(() => browser.close());

/** Opens each page at both widths; collects what `look` finds wrong. */
async function lookAt(firefox, kind, look) {
  const faults = [];
  for (const [name, screen] of [['360', PHONE], ['1280', DESK]]) {
    const tab = await firefox.newPage();
    await tab.setViewport(screen);
    for (const page of SEEN.flatMap(seen => ['en', 'es'].map(lang => pageNamed(seen, lang)))) {
      await tab.goto(BASE + page.path);
      faults.push(...(await look(tab)).map(fault => `${page.name} at ${name}: ${fault}`));
      const file = join(folder, `firefox-${kind}-${page.name.replace(/[^a-z]+/gi, '-')}${name}.png`);
      assert.ok((await tab.screenshot({ path: file })).length > 3000, 'an empty picture');
    }
    await tab.close();
  }
  return faults;
}

test(`Firefox shows ${SEEN.length} pages in both languages without scrolling sideways, on a phone and wide`, async () => {
  none(await lookAt(browser, 'light', tab => tab.evaluate(() => {
    const over = document.scrollingElement.scrollWidth - document.documentElement.clientWidth;
    const out = [...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && !e.closest('.vh, .scroll, thead') && e.getBoundingClientRect().right > innerWidth + 1);
    return [...over > 0 ? [`scrolls ${over} px sideways`] : [], ...out.slice(0, 2).map(e => `sticks out: ${e.outerHTML.slice(0, 80)}`)];
  })));
});

test('Firefox shows them dark where the system is dark, with letters that can be read', async () => {
  const dark = await launch(1);
  try {
    none(await lookAt(dark, 'dark', tab => tab.evaluate(() => {
      const light = color => { const [r, g, b] = color.match(/[\d.]+/g).map(n => (n / 255) ** 2.2); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const paper = getComputedStyle(document.body).backgroundColor;
      if (light(paper) > 0.05) return [`the page is light: ${paper}`];
      const back = e => { for (; e; e = e.parentElement) { const color = getComputedStyle(e).backgroundColor; if (!/, 0\)$|transparent/.test(color)) return color; } return paper; };
      const pale = [...document.querySelectorAll('h1, h2, p, dt, dd, td, th, a, label, summary, button, legend')].filter(e => e.checkVisibility() && e.textContent.trim()).filter(e => {
        const [a, b] = [light(getComputedStyle(e).color), light(back(e))].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05) < 4.5;
      });
      return pale.slice(0, 3).map(e => `too pale: ${getComputedStyle(e).color} on ${back(e)}: ${e.outerHTML.slice(0, 60)}`);
    })));
  } finally {
    await dark.close();
  }
});

for (const lang of ['en', 'es']) {
  test(`the errand in Firefox: questions, filters, ticks, a comparison with its names in sight, and back (${lang})`, async () => {
    const tab = await browser.newPage();
    await tab.setViewport(PHONE);
    await tab.goto(BASE + localized(lang, '/'));
    // By keyboard: where a click goes, the driver finds out by a script that this browser does not run.
    const key = async (selector, name) => { await tab.focus(selector); await tab.keyboard.press(name); };
    const press = selector => Promise.all([tab.waitForNavigation(), key(selector, 'Enter')]);
    for (const [field, words] of [['#zip', '45202'], ['#people', '40']]) {
      await tab.focus(field);
      await tab.keyboard.type(words);
    }
    await press('form.ask .buttons button');
    const heading = () => tab.$eval('h1', e => e.textContent);
    const all = +/\d+/.exec(await heading())[0];
    await key('.tools a', 'Enter');
    assert.ok(await tab.$eval('.filters', e => e.checkVisibility()), 'the filters are a sheet over the page');
    await key('#metal-silver', ' ');
    await press('.apply:not(.soon) button');
    assert.ok(+/\d+/.exec(await heading())[0] < all);
    const list = tab.url();
    for (const n of [1, 2]) await key(`.cards > li:nth-child(${n}) .foot input[name=plan]`, ' ');
    assert.equal(await tab.$eval('.tray', e => getComputedStyle(e).position), 'sticky', 'the tray stays in reach');
    await press('.tray button');
    assert.equal(new URL(tab.url()).searchParams.getAll('plan').length, 2);
    await tab.evaluate(() => scrollTo(0, 500));
    const top = await tab.$eval('table.compare thead', e => e.getBoundingClientRect().top);
    assert.ok(top > -2 && top < 5, `the names stay at the top: ${top}`);
    await press('p.back a');
    assert.equal(await tab.evaluate(() => document.querySelectorAll('input[name=plan]:checked').length), 2, 'both are ticked still');
    assert.equal(new URL(tab.url()).searchParams.get('metal'), new URL(list).searchParams.get('metal'));
    await tab.close();
  });
}
