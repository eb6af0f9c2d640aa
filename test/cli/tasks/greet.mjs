// A task in plain JavaScript.
import { task } from 'runfeed/task'

export default task({ id: 'greet', run: (name) => `hello ${name}` })
