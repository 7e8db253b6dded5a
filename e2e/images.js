// Takes the README's pictures: scripts/e2e --images. With Debian's fonts-roboto-unhinted they look as on an Android phone.
import { statSync } from "node:fs";
import { join } from "node:path";
import { Phone, REGION, START, launch } from "./lib/phone.js";

const folder = process.argv[2];
const LIMIT_BYTES = 250_000;

const browser = await launch();
try {
  await picture("phone.png", "light");
  await picture("phone-dark.png", "dark");
} finally {
  await browser.close();
}

async function picture(name, colorScheme) {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true,
    colorScheme, locale: "en-GB", timezoneId: "Africa/Juba", bypassCSP: true, reducedMotion: "reduce",
  });
  const phone = new Phone(await context.newPage());
  await phone.open();
  await phone.page.addStyleTag({ content: "body { font-family: Roboto, 'Liberation Sans', sans-serif; } .scroll { scrollbar-width: none; }" });
  await phone.ask("What is malaria?", START);
  await phone.button("I agree").tap();
  await phone.hears(/mosquitoes/);
  await phone.hears(REGION);
  await phone.chipTitles();
  await phone.composer.evaluate((node) => node.blur());
  await phone.page.waitForTimeout(500);
  const path = join(folder, name);
  await phone.page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${path}: ${Math.round(size / 1000)} KB`);
  if (size > LIMIT_BYTES) throw new Error(`${name} is larger than ${LIMIT_BYTES} bytes`);
  await context.close();
}
