// Chromium, driven by puppeteer. It knows no names but those of the test, which are all this machine.

import puppeteer from 'puppeteer-core'

import { site } from './checks.mjs'

const port = site.host.split(':')[1]

/// The site, a page of another origin that may ask it, and one that may not.
export const SHOP = `http://shop.test:${port}`
export const OTHER = `http://other.test:${port}`
export const EVIL = 'http://evil.example'

const isRoot = process.getuid?.() === 0
const browser = await puppeteer.launch({
  executablePath: site.chromium,
  userDataDir: site.scratch,
  // It ends with this script, whatever becomes of that.
  pipe: true,
  args: [
    `--host-resolver-rules=MAP *.test 127.0.0.1, MAP evil.example:80 127.0.0.1:${port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
    '--disable-quic',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    ...(isRoot ? ['--no-sandbox'] : []),
  ],
})

/// A page of its own storage, and what it complains of.
export async function open(url) {
  const context = await browser.createBrowserContext()
  const page = await context.newPage()
  const complaints = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  const response = await page.goto(url)
  return { page, response, complaints }
}

export const close = () => browser.close()
