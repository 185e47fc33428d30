/* exit(3): the status is main()'s value & 0377: 0 gives 0. */
int main(void)
{
    return 0;
}
