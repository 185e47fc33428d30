/* exit(3): the status is main()'s value & 0377: 1 gives 1. */
/* want-status: 1 */
int main(void)
{
    return 1;
}
