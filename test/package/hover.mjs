// Prints what an editor shows over the names that a file declares, as JSON: the language service of the TypeScript that the file's folder
// has, which TypeScript 7 does not have yet. `node hover.mjs file.ts`
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'

const file = resolve(process.argv[2])
const ts = createRequire(file)('typescript')
const service = ts.createLanguageService({
  ...ts.sys,
  useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
  getScriptFileNames: () => [file],
  getScriptVersion: () => '1',
  getScriptSnapshot: (name) => (ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(ts.sys.readFile(name)) : undefined),
  getCurrentDirectory: () => dirname(file),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  getCompilationSettings: () => ({
    strict: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    types: [],
    skipLibCheck: true,
  }),
})
const wrong = service.getSemanticDiagnostics(file).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
if (wrong.length > 0) throw new Error(wrong.join('\n'))

const shown = {}
for (const { index, 1: name } of ts.sys.readFile(file).matchAll(/(?<=const )(\w+)/g))
  shown[name] = ts.displayPartsToString(service.getQuickInfoAtPosition(file, index).displayParts).replace(/\s+/g, ' ')
console.log(JSON.stringify(shown))
