#error first
