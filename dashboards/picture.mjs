// SPDX-License-Identifier: GPL-2.0-or-later
// usage: node picture.mjs MODULES CHROMIUM URL PICTURE WIDTH light|dark [CASE]      a page as PNG; CASE: its row is opened
// Says on stdout what is wrong with the page, a line each: errors, requests elsewhere, sideways scrolling, axe-core's findings.
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
const [modules, executablePath, url, picture, width, colorScheme, opened] = process.argv.slice(2);
const require = createRequire(modules + "/package.json");
const { chromium } = require("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: Number(width), height: 800 }, colorScheme });
const page = await context.newPage(), problems = [];
page.on("console", message => problems.push(`console ${message.type()}: ${message.text()}`));
page.on("pageerror", error => problems.push("error: " + error));
page.on("request", request => new URL(request.url()).host === new URL(url).host || problems.push("request: " + request.url()));
await page.goto(url);
await page.waitForSelector("body[data-ready=yes]", { timeout: 30000 }).catch(() => problems.push("the script did not end"));
if (opened) {
	const button = page.locator(`tr[data-case="${opened}"] button`).first();
	await button.focus();
	await page.keyboard.press("Enter");
	if (!await page.locator("tr.open svg.large").count()) problems.push("Enter opens no history");
}
const [has, may] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
if (has > may) problems.push(`scrolls sideways: ${has} of ${may} px`);
if (existsSync(modules + "/node_modules/axe-core")) {
	await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
	for (const found of (await page.evaluate(() => window.axe.run())).violations)
		problems.push(`axe ${found.id}: ${found.nodes[0].html.slice(0, 120)} ${found.nodes[0].failureSummary.slice(0, 200)}`);
}
if (picture !== "-" && !opened) await page.evaluate(() => scrollTo(0, 0));
if (picture !== "-") await page.screenshot({ path: picture });
await browser.close();
problems.forEach(one => console.log(one.replace(/\n/g, " ")));
process.exit(problems.length > 0 ? 1 : 0);
