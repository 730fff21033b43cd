import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { Chromium, type Tab } from '../../integration/lib/page.ts';
import { smallerPng } from './png.ts';

/** A picture of one screen, taken in both colour schemes. */
export interface Shot {
  /** Of the file: NAME-light.png. */
  readonly name: string;
  /** CSS pixels; 1280 unless given. */
  readonly width?: number;
  /** 800 unless given. */
  readonly height?: number;
  /** Goes to the screen and brings it into the state that is shown. */
  readonly show: (tab: Tab) => Promise<void>;
}

const themes = ['light', 'dark'] as const;

/** Everybody's system has another font; the pictures have this one. */
const fonts = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  <match target="pattern">
    <test name="family"><string>sans-serif</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit>
  </match>
  <match target="pattern">
    <test name="family"><string>sans</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit>
  </match>
</fontconfig>`;

/** Takes pictures of the page of a running program. */
export class Camera {
  readonly #chromium: Chromium;
  readonly #base: string;
  readonly #folder: string;

  private constructor(chromium: Chromium, base: string, folder: string) {
    this.#chromium = chromium;
    this.#base = base;
    this.#folder = folder;
  }

  /**
   * @param base `http://127.0.0.1:PORT` of the page
   * @param scratch for files of its own
   * @param folder where pictures go
   */
  static async open(base: string, scratch: string, folder: string): Promise<Camera> {
    const file = join(scratch, 'fonts.conf');
    writeFileSync(file, fonts);
    process.env.FONTCONFIG_FILE = file;
    return new Camera(await Chromium.launch(['--hide-scrollbars']), base, folder);
  }

  /** One picture a theme; fails where the page has faults. */
  async take(shot: Shot, say: (line: string) => void): Promise<void> {
    const { name, width = 1280, height = 800, show } = shot;
    for (const colorScheme of themes) {
      const tab = await this.#chromium.open(this.#base, { width, height, colorScheme });
      await show(tab).catch(async (error: unknown) => {
        const text = await tab.page.locator('main').textContent();
        throw new Error(`cannot show ${name}: ${tab.page.url()} says: ${text}`, { cause: error });
      });
      await settled(tab.page);
      const png = smallerPng(await tab.page.screenshot({ animations: 'disabled', caret: 'hide' }));
      const file = join(this.#folder, `${name}-${colorScheme}.png`);
      writeFileSync(file, png);
      say(`${name}-${colorScheme}.png ${Math.ceil(png.length / 1000)} KB`);
      tab.assertClean();
      await tab.close();
    }
  }

  async close(): Promise<void> {
    await this.#chromium.close();
  }
}

/** Waits until nothing is loading and what is drawn in frames has been drawn. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' });
  await page.evaluate('document.fonts.ready.then(() => undefined)');
  await page.waitForTimeout(400);
}
