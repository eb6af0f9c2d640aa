// @ai-sdk/react: a message that streams in, throttled by 50 ms as its documentation advises; without it React stops at its update depth.
import { useChat } from '@ai-sdk/react'
import { DefaultChatTransport } from 'ai'
import { useEffect, useRef } from 'react'
import { mount, show, streamEnd } from '../../hooks/page/stage.tsx'
import { TOKEN_LENGTH } from '../../hooks/script.ts'

const transport = new DefaultChatTransport({ api: '/chat' })

function Answer() {
  const { messages, sendMessage } = useChat({ transport, throttle: 50 })
  const isAsked = useRef(false)
  useEffect(() => {
    if (isAsked.current) return
    isAsked.current = true
    void sendMessage({ text: 'go' })
  }, [sendMessage])
  const answer = messages.find(({ role }) => role === 'assistant')
  const text = answer?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? ''
  return streamEnd(text.length, text.slice(-TOKEN_LENGTH))
}

mount(show({ stream: () => <Answer /> }))
