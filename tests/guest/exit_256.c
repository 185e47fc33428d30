/* exit(3): the status is main()'s value & 0377: 256 gives 0. */
int main(void)
{
    return 256;
}
