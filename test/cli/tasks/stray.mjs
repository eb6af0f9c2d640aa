// A task that leaves a promise behind, which is rejected while the run goes on.
import { setImmediate } from 'node:timers/promises'
import { task } from 'runfeed/task'

export default task({
  id: 'stray',
  run: async () => {
    void Promise.reject(new Error('left behind'))
    // Node asks who handles it before the next turn of the event loop
    await setImmediate()
    return 'went on'
  },
})
