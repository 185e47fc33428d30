#error second
