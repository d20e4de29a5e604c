// What people set or do beyond the screen: forced colors, reduced motion, paper. And pictures of the main pages for people
// to look at, in target/screenshots.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DESK, PHONE, launch, lookAt, none, open, pageNamed } from './lib.mjs';

const folder = process.env.SCREENSHOTS || 'target/screenshots';
const MAIN = ['home', 'home, with mistakes', 'which county', 'another state’s marketplace', 'list, family', 'list, tax credit', 'list, Medicaid', 'list, filtered',
  'list, nothing fits', 'plan, with household', 'plan, tax credit', 'compare three', 'compare three, differences', 'glossary', 'about prices', 'not found'];
const file = (name, lang, kind) => join(folder, `${name.replace(/[^a-z]+/gi, '-')}-${lang}-${kind}`);

let browser;
before(async () => { mkdirSync(folder, { recursive: true }); browser = await launch(); });
after(() => browser.close());

test('with forced colors every control keeps an edge and the focus is visible', async () => {
  const pages = MAIN.flatMap(name => ['en', 'es'].map(lang => pageNamed(name, lang)));
  none(await lookAt(browser, { ...PHONE, forcedColors: 'active' }, pages, async tab => {
    const faults = await tab.evaluate(() => {
      if (!matchMedia('(forced-colors: active)').matches) return ['forced colors are not on'];
      const edged = e => ['top', 'right', 'bottom', 'left'].some(side => getComputedStyle(e).getPropertyValue(`border-${side}-style`) !== 'none');
      return [...document.querySelectorAll('button, .button, .chips a, .badges li, input:not([type=checkbox]):not([type=radio]):not([type=hidden]), .note, .summary, article, [aria-current]')]
        .filter(e => e.checkVisibility() && !edged(e)).map(e => `no edge: ${e.outerHTML.slice(0, 80)}`);
    });
    await tab.keyboard.press('Tab');
    if (!await tab.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== 'none')) faults.push('no focus to be seen');
    return faults;
  }));
});

test('with less motion asked for, nothing moves', async () => {
  const pages = MAIN.map(name => pageNamed(name));
  none(await lookAt(browser, { ...PHONE, reducedMotion: 'reduce' }, pages, tab => tab.evaluate(() => [document.documentElement, ...document.body.querySelectorAll('*')].flatMap(e => {
    const style = getComputedStyle(e);
    const moves = style.scrollBehavior === 'smooth' || [style.transitionDuration, style.animationDuration].some(time => parseFloat(time) > 0);
    return moves ? [`moves: ${e.outerHTML.slice(0, 80)}`] : [];
  }))));
});

/** Pages of a PDF as Chromium writes it, each a “/Type /Page” object. */
const sheets = pdf => pdf.toString('latin1').match(/\/Type \/Page\b(?!s)/g)?.length ?? 0;

test('a comparison prints on Letter, in black and white, with room for notes', async () => {
  for (const lang of ['en', 'es']) {
    const context = await browser.newContext(DESK), tab = await context.newPage();
    await open(tab, pageNamed('compare three', lang));
    const pdf = await tab.pdf({ path: `${file('compare three', lang, 'letter')}.pdf`, preferCSSPageSize: true, printBackground: false });
    assert.match(pdf.toString('latin1'), /\/MediaBox \[0 0 612 792\]/, 'US Letter');
    assert.ok(sheets(pdf) >= 1 && sheets(pdf) <= 6, `${sheets(pdf)} sheets`);
    await open(tab, pageNamed('compare three, differences', lang));
    const less = await tab.pdf({ path: `${file('compare three, differences', lang, 'letter')}.pdf`, preferCSSPageSize: true });
    assert.ok(sheets(less) <= sheets(pdf), `${sheets(less)} sheets for the differences, ${sheets(pdf)} for all`);
    await tab.emulateMedia({ media: 'print' });
    const seen = selector => tab.locator(selector).evaluateAll(all => all.filter(e => e.checkVisibility()).length);
    assert.equal(await seen('.skip, header nav, footer nav, .remove, .back, form, button'), 0, 'nothing that only a screen can use');
    assert.equal(await seen('.print-notes'), 1);
    assert.equal(await seen('table.compare thead th a'), 3, 'the three plans’ names');
    await context.close();
  }
});

test('the list and a plan print without their forms', async () => {
  none(await lookAt(browser, DESK, [pageNamed('list, filtered'), pageNamed('plan, with household')], async tab => {
    await tab.emulateMedia({ media: 'print' });
    return tab.locator('.filters, .tools, .pages, .pick, button').evaluateAll(all => all.filter(e => e.checkVisibility()).map(e => `prints ${e.outerHTML.slice(0, 80)}`));
  }));
});

test('pictures of the main pages', async () => {
  for (const [kind, options] of [['360', PHONE], ['1280', DESK]]) {
    const pages = MAIN.flatMap(name => ['en', 'es'].map(lang => ({ ...pageNamed(name, lang), short: name })));
    none(await lookAt(browser, options, pages, async (tab, page) => {
      if (page.short === 'list, filtered' && kind === '360') await tab.locator('.tools a').click();
      const picture = await tab.screenshot({ path: `${file(page.short, page.lang, kind)}.png`, fullPage: true });
      return picture.length > 5000 ? [] : ['an empty picture'];
    }));
  }
});
