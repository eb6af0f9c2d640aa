// A promise that a test opens: how a task is held at a point without a clock.
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}
export function gate(): Gate {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
