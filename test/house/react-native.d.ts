// As much of React Native's and Expo's types as docs/recipes/react-native.md uses, so that it is type-checked without either installed.

declare module 'react-native' {
  import type { ComponentType, ReactElement, ReactNode } from 'react'

  interface TextStyle {
    color?: string
    fontSize?: number
    fontWeight?: 'normal' | 'bold' | '600'
    lineHeight?: number
  }
  interface ViewStyle {
    flex?: number
    gap?: number
    padding?: number
    height?: number
    width?: number | `${number}%`
    borderRadius?: number
    backgroundColor?: string
    flexDirection?: 'row' | 'column'
    justifyContent?: 'flex-start' | 'center' | 'space-between'
  }
  interface AccessibilityProps {
    accessibilityRole?: 'button' | 'progressbar' | 'alert' | 'header'
    accessibilityLabel?: string
    accessibilityValue?: { min?: number; max?: number; now?: number; text?: string }
    accessibilityLiveRegion?: 'none' | 'polite' | 'assertive'
  }
  export const Text: ComponentType<AccessibilityProps & { style?: TextStyle; numberOfLines?: number; children?: ReactNode }>
  export const View: ComponentType<AccessibilityProps & { style?: ViewStyle; children?: ReactNode }>
  export const ActivityIndicator: ComponentType<AccessibilityProps>
  export const Pressable: ComponentType<AccessibilityProps & { disabled?: boolean; onPress?: () => void; style?: ViewStyle; children?: ReactNode }>
  export function FlatList<T>(props: {
    data: readonly T[] | null | undefined
    renderItem: (info: { item: T; index: number }) => ReactElement | null
    keyExtractor?: (item: T, index: number) => string
    ListEmptyComponent?: ReactElement
    ListHeaderComponent?: ReactElement
    onEndReached?: () => void
  }): ReactElement
  export const AppState: {
    addEventListener(type: 'change', listener: (state: 'active' | 'background' | 'inactive' | 'unknown' | 'extension') => void): { remove(): void }
  }
}

declare module 'expo/fetch' {
  interface FetchRequestInit {
    body?: BodyInit
    credentials?: RequestCredentials
    headers?: HeadersInit
    method?: string
    signal?: AbortSignal
  }
  export function fetch(url: string, init?: FetchRequestInit): Promise<Response>
}
