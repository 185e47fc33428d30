#error broken on purpose
