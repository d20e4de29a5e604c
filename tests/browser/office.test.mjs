// The private pages as people use them, in both languages: a search is saved, comes back by its code, becomes an account's,
// is locked away and found again. At each stop: no script, axe, 320 px, targets of 44 px, valid HTML, pictures to look at.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BASE, BRONZE, FAMILY, GOLD, PHONE, launch, localized } from './lib.mjs';
import { Met, shown } from './private.mjs';

const OUTBOX = process.env.OUTBOX;
const pictures = process.env.SCREENSHOTS || 'target/screenshots';
const PASSWORD = 'cuatro patos verdes y azules';

let browser, met;
before(async () => {
  assert.ok(OUTBOX, 'OUTBOX names the folder of letters of the server (tests/run sets it)');
  browser = await launch();
  met = new Met('office', pictures);
});
after(async () => { await browser.close(); met.end(); });

const letters = () => readdirSync(OUTBOX).filter(name => name.endsWith('.eml')).map(name => join(OUTBOX, name))
  .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);

/** The code in the first letter that comes after `known` others. */
async function code(known) {
  for (let i = 0; i < 100; i++) {
    const found = letters().slice(known).map(path => readFileSync(path, 'utf8').match(/^ +(\d{4} \d{4})\s*$/m)).find(Boolean);
    if (found) return found[1];
    await new Promise(done => setTimeout(done, 50));
  }
  throw new Error('no letter with a code has come');
}

/** The page on paper: what is printed to be kept is there, and nothing that only a screen can use. */
async function paper(tab, name, lang, text) {
  await tab.emulateMedia({ media: 'print' });
  assert.ok(await tab.getByText(text).first().isVisible(), `${name}: “${text}” is not on paper`);
  for (const button of await tab.locator('button').all()) {
    if (await button.isVisible()) met.faults.push(`${name} (${lang}): a button is printed: ${await button.innerText()}`);
  }
  await met.picture(tab, `${name}-${lang}-paper`);
  await tab.emulateMedia({ media: 'screen' });
}

/** Runs in the page: what is too small to touch, or sticks out. */
function touch() {
  const page = document.documentElement, faults = [];
  if (document.scrollingElement.scrollWidth > page.clientWidth) faults.push(`scrolls ${document.scrollingElement.scrollWidth - page.clientWidth} px sideways`);
  for (const e of document.querySelectorAll('main button, main input:not([type=hidden]):not([type=checkbox]), main a.button, main .ways a')) {
    const box = e.getBoundingClientRect();
    if (e.checkVisibility() && box.height < 43.5) faults.push(`only ${box.height} px high: ${e.outerHTML.slice(0, 80)}`);
    if (box.right > page.clientWidth + 1) faults.push(`sticks out: ${e.outerHTML.slice(0, 80)}`);
  }
  for (const field of document.querySelectorAll('input:not([type=hidden]):not([type=checkbox])')) {
    if (!field.autocomplete) faults.push(`${field.name} has no autocomplete`);
  }
  if (document.scripts.length) faults.push('has a script');
  return faults;
}

/** Looks at the page as it stands. */
async function stop(tab, name, lang, status = 200) {
  const say = await met.keep(tab, name, lang);
  await met.sizes(tab, [name, lang], say, touch);
  await met.axe(tab, say);
  if (status !== 200 && !(await tab.title()).match(/^Error/)) say('has no “Error” in its title');
}

for (const lang of ['en', 'es']) {
  const at = path => BASE + localized(lang, path);
  const visit = (tab, path) => tab.goto(at(path), { waitUntil: 'load' });
  const send = (tab, selector) => Promise.all([tab.waitForNavigation({ waitUntil: 'load' }), tab.locator(selector).first().click()]);
  const main = 'main form[novalidate] button[type=submit]';

  test(`a search is saved, becomes an account's, and is found again (${lang})`, async () => {
    const email = `ana.maria.hernandez-villanueva+planes.de.salud-${lang}-${process.pid}@correo.ejemplo-muy-largo.example.org`;
    const context = await browser.newContext(PHONE), tab = await context.newPage();
    // From the shop, as people come: from the sheet to take along.
    await visit(tab, `/sheet?${FAMILY}&plan=${BRONZE}&plan=${GOLD}`);
    await send(tab, 'form[action$="/account/save"] button');
    assert.equal(new URL(tab.url()).pathname, localized(lang, '/account'));
    await stop(tab, 'guest', lang);
    const printed = await tab.locator('.typed').innerText();
    await paper(tab, 'guest', lang, printed);
    await visit(tab, '/account/leave');
    await stop(tab, 'leave', lang);
    await paper(tab, 'leave', lang, printed);
    await visit(tab, '/account/coverage');
    await stop(tab, 'coverage-none', lang);

    const library = await browser.newContext(PHONE), other = await library.newPage();
    await visit(other, '/account/resume');
    await stop(other, 'resume', lang);
    await send(other, main);
    await stop(other, 'resume-wrong', lang, 422);
    await other.fill('#code', printed.toLowerCase());
    await send(other, main);
    assert.equal(await other.locator('main article').count(), 1, 'the code brings it back');

    await visit(tab, '/account/sign-up');
    await stop(tab, 'sign-up', lang);
    await tab.fill('#email', 'ana');
    await tab.fill('#new_password', 'short');
    await send(tab, main);
    await stop(tab, 'sign-up-wrong', lang, 422);
    assert.equal(await tab.inputValue('#email'), 'ana', 'what was typed stays');
    assert.equal(await tab.inputValue('#new_password'), '', 'a secret does not');
    let known = letters().length;
    await tab.fill('#email', email);
    await tab.fill('#new_password', PASSWORD);
    await send(tab, main);
    await stop(tab, 'step', lang);
    assert.ok(!await tab.isChecked('#known'), 'a browser is remembered only by choice');
    await tab.check('#known');
    await tab.fill('#code', await code(known));
    await send(tab, main);
    assert.ok((await tab.locator('main').innerText()).includes(email));
    await stop(tab, 'home', lang);
    await send(tab, 'main article a.button');
    assert.equal(new URL(tab.url()).pathname, localized(lang, '/plans'), 'back in the shop');
    await tab.goBack();

    for (const page of ['browsers', 'password', 'email', 'app', 'data', 'delete', 'unlock']) {
      await visit(tab, `/account/${page}`);
      await stop(tab, page, lang);
    }
    await visit(tab, '/account/app');
    await send(tab, 'form[action$="/account/app/start"] button');
    await stop(tab, 'app-setup', lang);
    const key = await tab.locator('p.typed').innerText();
    await tab.fill('#code', '12');
    await send(tab, main);
    await stop(tab, 'app-wrong', lang, 422);
    await tab.fill('#code', shown(key));
    await send(tab, main);
    assert.equal(new URL(tab.url()).pathname, localized(lang, '/account/codes'));
    await stop(tab, 'codes', lang);
    assert.equal(await tab.locator('ol.typed li').count(), 10);
    await paper(tab, 'codes', lang, (await tab.locator('ol.typed li').first().innerText()));
    await visit(tab, '/account/app');
    await stop(tab, 'app-on', lang);

    await visit(tab, '/account');
    await send(tab, '.office form button');
    await stop(tab, 'out', lang);
    await visit(tab, '/account/sign-in');
    await stop(tab, 'sign-in', lang);
    await tab.fill('#email', email);
    await tab.fill('#password', 'not the password at all');
    await send(tab, main);
    await stop(tab, 'sign-in-wrong', lang, 422);
    await tab.fill('#password', PASSWORD);
    await send(tab, main);
    assert.equal(new URL(tab.url()).pathname, localized(lang, '/account'), 'a known browser needs no code');
    assert.equal((await context.cookies()).length, 2);
    assert.ok((await context.cookies()).every(cookie => cookie.httpOnly && cookie.sameSite === 'Lax'));

    // Somebody else guesses until the door is closed.
    const elsewhere = await browser.newContext(PHONE), thief = await elsewhere.newPage();
    for (let i = 0; i < 6; i++) {
      await visit(thief, '/account/sign-in');
      await thief.fill('#email', email);
      await thief.fill('#password', 'not the password at all');
      await send(thief, main);
    }
    await stop(thief, 'closed', lang);
    await elsewhere.close();

    for (const page of ['', '/save', '/reset', '/reset/code', '/reset/done', '/gone']) {
      const stranger = await browser.newContext(PHONE), strange = await stranger.newPage();
      await visit(strange, `/account${page}`);
      await stop(strange, `stranger${page.replaceAll('/', '-')}`, lang);
      assert.deepEqual(await stranger.cookies(), [], 'looking gets no cookie');
      await stranger.close();
    }
    await context.close();
    await library.close();
    met.none();
  });
}

test('all of these pages are valid HTML', () => met.valid(40));
