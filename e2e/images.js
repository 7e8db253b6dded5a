// Takes the README's pictures: scripts/e2e --images. With Debian's fonts-roboto-unhinted they look as on an Android phone.
import { statSync } from "node:fs";
import { join } from "node:path";
import { Phone, REGION, START, launch } from "./lib/phone.js";

const folder = process.argv[2];
const LIMIT_BYTES = 250_000;

const browser = await launch();
try {
  await picture("phone.png", "light", async (phone) => {
    await phone.ask("What is photosynthesis?", START);
    await phone.button("I agree").tap();
    await phone.hears(REGION);
    await phone.chip("Juba").tap();
    await phone.hears(/Juba in mind/);
    await phone.ask("What is malaria?", /mosquitoes/);
    return "Juba in mind";
  });
  await picture("phone-dark.png", "dark", async (phone) => {
    await phone.settle();
    await phone.ask("How do I write a good CV?", /one or two pages/);
    await phone.hears(REGION);
    await phone.chipTitles();
    return "How do I write a good CV?";
  });
} finally {
  await browser.close();
}

/** Lets `talk` happen and takes a picture that begins with the message that it names. */
async function picture(name, colorScheme, talk) {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true,
    colorScheme, locale: "en-GB", timezoneId: "Africa/Juba", bypassCSP: true, reducedMotion: "reduce",
  });
  const phone = new Phone(await context.newPage());
  await phone.open();
  await phone.page.addStyleTag({ content: "body { font-family: Roboto, 'Liberation Sans', sans-serif; } .scroll { scrollbar-width: none; }" });
  const first = await talk(phone);
  await phone.composer.evaluate((node) => node.blur());
  // What came before is left out, so that no bubble is cut in two at the top.
  await phone.page.locator(".row", { hasText: first }).first().evaluate((row) => {
    const before = document.querySelectorAll("#welcome, .row");
    for (const node of before) {
      if (node === row) break;
      node.hidden = true;
    }
  });
  await phone.page.waitForTimeout(500);
  const hidden = await phone.page.locator("#scroll").evaluate((node) => node.scrollHeight - node.clientHeight);
  if (hidden > 0) throw new Error(`${name}: ${hidden} px of the talk do not fit`);
  const path = join(folder, name);
  await phone.page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${path}: ${Math.round(size / 1000)} KB`);
  if (size > LIMIT_BYTES) throw new Error(`${name} is larger than ${LIMIT_BYTES} bytes`);
  await context.close();
}
