// What the terminal shows: where the page is, what runs, how it ends. Colours follow NO_COLOR and the terminal's own abilities.
import { styleText } from 'node:util'
import type { Deleted } from './fresh-folder.ts'

const dim = (text: string): string => styleText('dim', text)

export interface Started {
  readonly url: string
  readonly data: string
  readonly isSampleRunning: boolean
}

export const terminal = {
  building: (): void => console.log(dim('  building the page …')),
  deleted: (folder: string, { uploads, bytes }: Deleted): void =>
    console.log(
      dim(
        bytes === 0
          ? `  there is nothing to delete in ${folder}`
          : `  deleted from ${folder}: all runs, their rows, ${uploads === 1 ? '1 upload' : `${uploads} uploads`} (${(bytes / 1024 / 1024).toFixed(1)} MB)`,
      ),
    ),
  started: ({ url, data, isSampleRunning }: Started): void => {
    console.log(`
  ${styleText('bold', 'runfeed')} ${dim('demo')}

  ${styleText('green', '➜')}  ${styleText(['bold', 'cyan'], url)}

  ${dim(isSampleRunning ? 'airports.csv is being imported: open the page to watch.' : 'Open the page and drop a CSV file on it.')}
  ${dim(`Everything is kept in ${data}. Ctrl+C stops.`)}
`)
  },
  stopping: (): void => console.log(dim('\n  stopped.')),
  interrupted: (message: string): void => console.error(`\n  ${message}`),
  failed: (message: string): void => console.error(`  ${styleText('red', '✗')} ${message}`),
}
