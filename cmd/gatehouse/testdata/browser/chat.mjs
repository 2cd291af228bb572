// Two people talk on the page of the chat, each in a tab of headless Chromium.
// PAGE is its address, CHROMIUM the program.
import puppeteer from 'puppeteer-core'

const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
process.exitCode = 1
try {
  const open = async () => {
    const tab = await browser.newPage()
    tab.setDefaultTimeout(20000)
    await tab.goto(process.env.PAGE)
    return tab
  }
  const sees = (tab, line) => tab.waitForFunction((line) => [...document.querySelectorAll('#log li')].some((li) => li.textContent === line), { polling: 50 }, line) // a tab in the background draws no frames
  const fill = async (tab, values) => {
    await tab.bringToFront()
    for (const [id, value] of Object.entries(values)) await tab.type('#' + id, value)
    await tab.keyboard.press('Enter')
  }
  const ada = await open()
  await sees(ada, 'Connected')
  await fill(ada, { room: 'tea', name: 'Ada' })
  await sees(ada, 'In tea: Ada')
  await fill(ada, { text: 'anybody here?' })
  await sees(ada, 'Ada: anybody here?')

  const bob = await open()
  await sees(bob, 'Connected')
  await fill(bob, { text: 'too early' })
  await sees(bob, 'join a room first')
  await fill(bob, { room: 'tea', name: 'Bob' })
  await sees(bob, 'In tea: Ada, Bob')
  await sees(bob, 'Ada: anybody here?')
  await sees(ada, 'Bob joined')
  await fill(bob, { text: '<b>hé</b> 👋' })
  await sees(ada, 'Bob: <b>hé</b> 👋')

  const eve = await open()
  await sees(eve, 'Connected')
  await fill(eve, { room: 'coffee', name: 'Eve' })
  await sees(eve, 'In coffee: Eve')
  await bob.close()
  await sees(ada, 'Bob left')
  await fill(ada, { text: 'bye' })
  await sees(ada, 'Ada: bye')
  const heard = await eve.$$eval('#log li', (lines) => lines.map((li) => li.textContent))
  console.log(JSON.stringify(heard))
  process.exitCode = 0
} finally {
  await browser.close()
}
