// A server of a test's own: the shipped sample with what it lacks, dental plans; the same plans once more as the next year's, for
// renewals; and a folder of insurers. Its binary is WINDOWSHOP, which `tests/run` sets.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCsv } from './lib.mjs';

const SAMPLE = new URL('../../data/sample/', import.meta.url).pathname;
const GEO = new URL('../../data/geo', import.meta.url).pathname;
// As long as a name gets.
export const DENTAL = [
  ['Buckeye Family Dental Plus with Orthodontia and Vision, Low 1', '0.65', 14],
  ['Smile 40', '0.4127', 11.5],
];

const csvOf = rows => {
  const cell = text => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const names = Object.keys(rows[0]);
  return [names, ...rows.map(row => names.map(name => row[name]))].map(cells => cells.map(cell).join(',')).join('\n');
};

/** The sample's files of a year, with dental plans of one insurer of Hamilton County. */
function files(folder, year) {
  mkdirSync(folder, { recursive: true });
  for (const zip of readdirSync(SAMPLE).filter(name => name.endsWith('.zip'))) {
    const run = spawnSync('python3', ['-m', 'zipfile', '-e', join(SAMPLE, zip), folder]);
    if (run.status !== 0) throw new Error(`${zip}: ${run.stderr}`);
  }
  const path = like => join(folder, readdirSync(folder).find(name => like.test(name)));
  const [attributes, rates] = [path(/attributes/i), path(/^rate/i)];
  const plans = parseCsv(readFileSync(attributes, 'utf8')), prices = parseCsv(readFileSync(rates, 'utf8'));
  const like = plans.find(plan => plan.StateCode === 'OH' && plan.MetalLevel === 'Gold' && plan.PlanId.endsWith('-01') &&
    prices.some(price => price.PlanId === plan.StandardComponentId && price.RatingAreaId === 'Rating Area 4'));
  const areas = prices.filter(price => price.PlanId === like.StandardComponentId);
  DENTAL.forEach(([name, part, first], i) => {
    const id = `${like.StandardComponentId.slice(0, 7)}099000${i + 1}`;
    const plan = { ...like, DentalOnlyPlan: 'Yes', StandardComponentId: id, PlanMarketingName: name, PlanVariantMarketingName: name, MetalLevel: 'Low',
      EHBPediatricDentalApportionmentQuantity: part, EHBPercentTotalPremium: '', DesignType: '' };
    plans.push({ ...plan, PlanId: `${id}-00`, CSRVariationType: 'Standard Low Off Exchange Plan' }, { ...plan, PlanId: `${id}-01`, CSRVariationType: 'Standard Low On Exchange Plan' });
    areas.forEach(price => prices.push({ ...price, PlanId: id, IndividualRate: (first + Number(price.IndividualRate) / 100).toFixed(2), IndividualTobaccoRate: '' }));
  });
  writeFileSync(attributes, csvOf(plans));
  writeFileSync(rates, csvOf(prices));
  if (year === 2026) return;
  for (const name of readdirSync(folder).filter(name => name.endsWith('.csv'))) {
    const text = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), text.replace(/^2026,/gm, `${year},`).replaceAll('/2026,', `/${year},`));
  }
}

/** Starts it; `base` is its address, `insurers` the folder. `end` stops it and takes everything away. */
export async function market() {
  const folder = mkdtempSync(join(tmpdir(), 'windowshop-market-')), binary = process.env.WINDOWSHOP;
  const run = (...args) => {
    const done = spawnSync(binary, args, { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${args[0]}: ${done.error ?? done.stderr.slice(0, 500)}`);
    return done.stdout;
  };
  for (const year of [2026, 2027]) {
    files(join(folder, String(year)), year);
    run('load', '--from', join(folder, String(year)), '--geo', GEO, '--to', join(folder, 'catalogues'));
  }
  const data = join(folder, 'data'), insurers = join(folder, 'insurers');
  const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data-dir', data, '--catalogues', join(folder, 'catalogues'), '--insurer-dir', insurers]);
  const base = await new Promise((ready, failed) => {
    let said = '';
    server.stdout.on('data', text => {
      said += text;
      const found = /^Windowshop is ready: open (http:\S+?)\/? /m.exec(said);
      if (found) ready(found[1]);
    });
    server.stderr.resume();
    server.on('exit', code => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
  const end = () => new Promise(done => {
    server.removeAllListeners('exit');
    server.on('exit', () => { rmSync(folder, { recursive: true }); done(); });
    server.kill('SIGTERM');
  });
  return { base, data, insurers, run: (...args) => run(...args, '--data-dir', data), end };
}
