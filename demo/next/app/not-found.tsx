export default function NotFound() {
  return (
    <>
      <h1>There is no such digest.</h1>
      <p>
        <a href="/">All digests</a>
      </p>
    </>
  )
}
